//! The GraphQL queries. Each is valid for the public schema of github.com; the one field that only Enterprise Server
//! has is put in where it is known to be there.

/// Members of one page.
pub(super) const PEOPLE_PER_PAGE: u64 = 100;
/// Teams of one page, each with its first members.
pub(super) const TEAMS_PER_PAGE: u64 = 25;
/// Direct members of a team in one page.
pub(super) const TEAM_MEMBERS_PER_PAGE: u64 = 100;

const PERSON: &str = "
fragment Person on User {
  databaseId
  id
  login
  name
  email
  avatarUrl
  organizationVerifiedDomainEmails(login: $organization)
}
";

const TEAM: &str = "
fragment Team on Team {
  databaseId
  id
  slug
  combinedSlug
  name
  description
  avatarUrl
  parentTeam { databaseId }
}
";

const MEMBERS: &str = "
query Members($organization: String!, $first: Int!, $after: String) {
  organization(login: $organization) {
    membersWithRole(first: $first, after: $after) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes { ...Person }
    }
  }
}
";

const TEAMS: &str = "
query Teams($organization: String!, $first: Int!, $after: String, $members: Int!) {
  organization(login: $organization) {
    teams(first: $first, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes {
        ...Team
        members(first: $members, membership: IMMEDIATE) {
          pageInfo { hasNextPage endCursor }
          nodes { databaseId }
        }
      }
    }
  }
}
";

/// Further direct members of one team, by its node id.
pub(super) const TEAM_MEMBERS: &str = "
query TeamMembers($team: ID!, $first: Int!, $after: String) {
  node(id: $team) {
    ... on Team {
      members(first: $first, after: $after, membership: IMMEDIATE) {
        pageInfo { hasNextPage endCursor }
        nodes { databaseId }
      }
    }
  }
}
";

const ONE_PERSON: &str = "
query OnePerson($organization: String!, $login: String!) {
  user(login: $login) { ...Person }
}
";

/// The teams of one person: GitHub names those above too, so that direct membership is asked for by name.
pub(super) const PERSON_TEAMS: &str = "
query PersonTeams($organization: String!, $login: String!, $first: Int!, $after: String) {
  organization(login: $organization) {
    teams(first: $first, after: $after, userLogins: [$login]) {
      pageInfo { hasNextPage endCursor }
      nodes {
        databaseId
        slug
        members(first: 20, query: $login, membership: IMMEDIATE) {
          nodes { databaseId }
        }
      }
    }
  }
}
";

/// Which SCIM identity of an enterprise is whose.
pub(super) const IDENTITIES: &str = "
query Identities($enterprise: String!, $first: Int!, $after: String, $login: String) {
  enterprise(slug: $enterprise) {
    ownerInfo {
      samlIdentityProvider {
        externalIdentities(first: $first, after: $after, login: $login) { ...Page }
      }
      oidcProvider {
        externalIdentities(first: $first, after: $after, login: $login) { ...Page }
      }
    }
  }
}
fragment Page on ExternalIdentityConnection {
  pageInfo { hasNextPage endCursor }
  nodes {
    guid
    user { databaseId }
  }
}
";

/// Who asks, and whether members and teams may be read.
pub(super) const CHECK: &str = "
query Check($organization: String!) {
  organization(login: $organization) {
    membersWithRole(first: 1) { totalCount }
    teams(first: 1) { totalCount }
  }
}
";

/// The account of a token. Not for apps, which have none.
pub(super) const VIEWER: &str = "
query Viewer {
  viewer { login }
}
";

/// The members of the organisation.
pub(super) fn members(server: bool) -> String {
    format!("{MEMBERS}{}", person(server))
}

/// The teams, with their first direct members.
pub(super) fn teams() -> String {
    format!("{TEAMS}{TEAM}")
}

/// One account.
pub(super) fn one_person(server: bool) -> String {
    format!("{ONE_PERSON}{}", person(server))
}

fn person(server: bool) -> String {
    if server { PERSON.replace("  databaseId\n", "  databaseId\n  suspendedAt\n") } else { PERSON.to_owned() }
}
