// Admins and plain users, and what they do on Portal's pages, by the names on screen.
import { signIn } from "./sign-in.mjs";

/** Long enough, and none of the well-known ones. */
export const PASSWORD = "seven bikes in the rain";

export const ADMIN = { name: "Ada Lindqvist", email: "ada@tidemark.example", password: PASSWORD };

/** Goes to a page, signing in on the way when asked. */
export async function visit(page, address, person) {
  await page.goto(address);
  if (new URL(page.url()).pathname === "/sign-in") await signIn(page, person);
  await page.getByRole("main").waitFor();
}

/** Makes the first admin by the link that the server printed. */
export async function makeFirstAdmin(page, link, { name, email, password } = ADMIN) {
  await page.goto(link);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Create admin account" }).click();
  await page.getByRole("heading", { name: `Hello, ${name.split(" ")[0]}` }).waitFor();
}

/** Invites someone on the page of users, signed in as an admin; returns the one-time link. */
export async function invite(page, portalUrl, { name = "", email, entity = "" }) {
  await page.goto(`${portalUrl}/settings/users`);
  const form = page.getByRole("region", { name: "Invite someone" });
  await form.getByLabel("E-mail").fill(email);
  await form.getByLabel("Name", { exact: true }).fill(name);
  await form.getByLabel("Catalog user").fill(entity);
  await form.getByRole("button", { name: "Create invitation" }).click();
  return page.getByRole("textbox", { name: "One-time link" }).inputValue();
}

/** Accepts an invitation or a reset, and is signed in. */
export async function acceptLink(page, link, password = PASSWORD) {
  await page.goto(link);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Set password" }).click();
  await page.getByRole("heading", { name: /^Hello/ }).waitFor();
}

/** Opens the profile menu, or closes it. */
export async function toggleProfileMenu(page) {
  await page.locator("summary").filter({ hasText: "profile menu" }).click();
}

/** Turns a switch of the settings, with scripts or without. */
export async function turn(window, name) {
  const { page, scripts } = window;
  const control = page.getByRole("switch", { name, exact: true });
  await control.click();
  if (!scripts) await page.locator("form").filter({ has: control }).getByRole("button", { name: "Apply" }).click();
}
