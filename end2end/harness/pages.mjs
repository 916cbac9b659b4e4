// Every page, by its address, for the checks and pictures that go over all of them.

/** Pages of everyone who is signed in; entities are those of the example org. */
export const PAGES = {
  home: "/",
  catalog: "/catalog",
  "catalog-api": "/catalog?kind=api",
  "catalog-filtered": "/catalog?kind=component&lifecycle=production&owner=me&sort=-owner",
  "catalog-nothing": "/catalog?q=nothing-like-it&tag=none",
  "catalog-starred": "/catalog?starred=1",
  component: "/catalog/default/component/rider-app",
  "component-relations": "/catalog/default/component/rider-app?view=relations",
  "component-raw": "/catalog/default/component/rider-app?view=raw",
  api: "/catalog/default/api/bookings",
  "api-definition": "/catalog/default/api/bookings?view=definition",
  group: "/catalog/default/group/fleet",
  "group-members": "/catalog/default/group/fleet?view=members&below=1",
  setup: "/mcp/setup",
  "setup-claude-code": "/mcp/setup?agent=claude-code",
  "setup-gemini": "/mcp/setup?agent=gemini-cli",
  "setup-other": "/mcp/setup?agent=other",
  agents: "/me/agents",
  password: "/me/password",
};

/** Pages of admins. */
export const ADMIN_PAGES = {
  "settings-mcp": "/settings/general",
  "settings-branding": "/settings/branding",
  "settings-self-check": "/settings/self-check",
  "settings-access": "/settings/external-access",
  "settings-users": "/settings/users",
  "settings-org-data": "/settings/org-data",
  "settings-offboarding": "/settings/offboarding",
  "settings-agents": "/settings/agents",
  "settings-clients": "/settings/clients",
  "settings-audit": "/settings/audit",
};

/** Pages that say what is wrong, with their status. */
export const REFUSALS = {
  "/no/such/page": 404,
  "/catalog/default/component/absent": 404,
  "/oauth/consent": 410,
  "/oauth/consent?request=unknown": 410,
  "/sign-in/link?token=unknown": 410,
  "/first-admin?token=unknown": 410,
};
