// What a person does in the browser, by the names on screen; works with JavaScript on and off.

/** Fills the sign-in page that is open. */
export async function signIn(page, { email, password }) {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/**
 * Goes through sign-in, when asked, and consent, until the browser is sent to the client's redirect address.
 * @returns {Promise<URL>} the address with code, or error, and state
 */
export async function authorize(page, authorizationUrl, redirectUri, person) {
  const arrived = page.waitForRequest((request) => request.url().startsWith(redirectUri));
  // A failure below must not leave this one unhandled.
  arrived.catch(() => {});
  await page.goto(authorizationUrl);
  const allow = page.getByRole("button", { name: "Allow", exact: true });
  const password = page.getByLabel("Password");
  await allow.or(password).first().waitFor();
  if (await password.isVisible()) await signIn(page, person);
  await allow.click({ noWaitAfter: true });
  return new URL((await arrived).url());
}
