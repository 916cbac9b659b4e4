//! What each failure means, and what to do about it.

use super::AttemptKind;

/// What is told about an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptWords {
    /// What happened, in a few words.
    pub heading: &'static str,
    /// What it means, one or two sentences; may quote remote text.
    pub what: String,
    /// What to do; empty where nothing is.
    pub ask: &'static str,
}

impl AttemptKind {
    /// What is told to the person whose attempt it is. `detail` is what the attempt says of itself: remote text in part.
    #[must_use]
    pub fn words(self, detail: &str) -> AttemptWords {
        let (heading, what, ask) = self.plain();
        let what = if what.contains("{detail}") {
            let detail = if detail.is_empty() { "no reason was given" } else { detail };
            what.replace("{detail}", detail)
        } else {
            what.to_owned()
        };
        AttemptWords { heading, what, ask }
    }

    const fn plain(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::AuthorizationBegun
            | Self::ConsentGiven
            | Self::CodeExchanged
            | Self::FirstCall
            | Self::TokenUsed => self.step(),
            Self::CodeExpired
            | Self::CodeUsed
            | Self::CodeProofWrong
            | Self::CodeRefused
            | Self::CodeNotExchanged
            | Self::Cancelled
            | Self::RequestExpired
            | Self::OtherBrowser
            | Self::RequestInvalid => self.sign_in(),
            Self::AccessExpired
            | Self::SessionEnded
            | Self::StaticTokenEnded
            | Self::TokenUnknown
            | Self::RefreshRefused
            | Self::AddressRefused
            | Self::ScopeTooSmall
            | Self::SourceOff
            | Self::SourceNotAllowed
            | Self::OriginRefused
            | Self::PersonSuspended
            | Self::DirectoryStale => self.call(),
            _ => self.client(),
        }
    }

    const fn step(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::AuthorizationBegun => {
                ("The agent opened your browser", "It asked to use Portal as you.", "")
            }
            Self::ConsentGiven => ("You allowed it", "Your browser took the answer back to the agent.", ""),
            Self::CodeExchanged => ("The agent has its token", "It can call Portal from now on.", ""),
            Self::FirstCall => ("First call", "The agent reached Portal’s tools.", ""),
            _ => ("First call with a token", "The agent reached Portal’s tools.", ""),
        }
    }

    /// Faults of what the agent says of itself.
    const fn client(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::DocumentsOff => (
                "Agents like this one cannot sign in yet",
                "The agent introduces itself by a client ID metadata document, and Portal does not take those now.",
                "Ask an admin to turn on “Enable client ID metadata documents” under App settings, General, MCP.",
            ),
            Self::RegistrationOff => (
                "Agents that register themselves are turned away",
                "The agent registered itself here some time ago, and the admins have turned that way of signing in off.",
                "Ask an admin to turn on “Allow dynamic client registration” under App settings, Clients, or to register the agent.",
            ),
            Self::DocumentUnreachable => (
                "The agent’s document cannot be read",
                "Portal tried to fetch the page on which the agent’s maker describes it: {detail}.",
                "Try again in a few minutes. If it stays so, an admin can see whether Portal reaches that host, or pin a copy.",
            ),
            Self::DocumentInvalid => (
                "The agent’s document breaks a rule",
                "Portal read the page on which the agent’s maker describes it, and cannot use it: {detail}.",
                "Update the agent. If it stays so, tell its maker the sentence above.",
            ),
            Self::ClientIdInvalid => (
                "The agent’s id cannot be used",
                "An agent names itself by an https address. The one it sent is not usable: {detail}.",
                "Look at the client id in the agent’s configuration, or leave it out.",
            ),
            Self::ClientNotAllowed => (
                "This agent is not on the list",
                "The admins let only certain agents connect, and this one is not among them.",
                "Ask an admin to add its address under App settings, General, MCP, “Who may connect”.",
            ),
            Self::ClientUnproved => (
                "The agent could not prove who it is",
                "Agents with a secret or a key must show it when they fetch a token: {detail}.",
                "Look at the client secret in the agent’s configuration; an admin can make a new one under App settings, Clients.",
            ),
            Self::RedirectMismatch => (
                "The agent wants to be answered at an unknown address",
                "The address to which Portal should send the answer is not one that the agent’s maker or an admin has listed.",
                "Update the agent. If an admin registered it, ask them to add its return address under App settings, Clients.",
            ),
            _ => (
                "Portal does not know this agent",
                "The agent sent a client id that is not registered here, or not any more.",
                "Remove Portal from the agent and add it anew, so that it introduces itself again.",
            ),
        }
    }

    /// Faults between the browser and the code.
    const fn sign_in(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Cancelled => (
                "You chose Cancel",
                "The agent was told that you do not allow it, and got no access.",
                "If that was a mistake, start the sign-in in the agent once more.",
            ),
            Self::RequestExpired => (
                "The question had expired",
                "The page that asks for your consent waits for one hour and takes one answer.",
                "Start the sign-in in the agent once more; the old page is of no use.",
            ),
            Self::OtherBrowser => (
                "The sign-in went on in another browser",
                "The agent began in one browser, and the page was opened in another. Portal does not mix the two.",
                "Start again, and finish in the window that the agent opens.",
            ),
            Self::CodeExpired => (
                "The agent came back too late",
                "After your consent an agent has one minute to fetch its token. This one took longer.",
                "Start the sign-in again. If the agent runs in a container or on another machine, see that its callback reaches it.",
            ),
            Self::CodeUsed => (
                "A code was used twice",
                "The agent, or somebody else, presented the same one-time code again. To be safe, Portal has ended what came of it.",
                "Sign in again. If this repeats, tell an admin: somebody may be listening.",
            ),
            Self::CodeProofWrong => (
                "The agent’s proof does not fit",
                "Whoever presented the code is not the program that began the sign-in, or the agent mixed up two sign-ins.",
                "Close other windows of the same agent, then start the sign-in again.",
            ),
            Self::CodeRefused => (
                "The agent could not exchange its code",
                "You allowed the agent, and Portal refused the code it presented: {detail}.",
                "Start the sign-in again. If it stays so, update the agent and tell its maker the sentence above.",
            ),
            Self::CodeNotExchanged => (
                "The agent never came back",
                "You allowed it two minutes ago or more, and it has not fetched its token since.",
                "See that the agent still runs and that the browser could reach it at its callback address, then start again.",
            ),
            _ => (
                "The agent’s request is not complete",
                "The request with which the agent opened your browser breaks a rule: {detail}.",
                "Update the agent and start again. If it stays so, tell its maker the sentence above.",
            ),
        }
    }

    /// Faults of calls and tokens.
    const fn call(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::AccessExpired => (
                "The agent’s access has run out",
                "Its token has expired, and it got none to renew it with: refresh tokens were off, or the agent did not ask for one.",
                "Sign in from the agent once more. Admins can let agents stay connected under App settings, General, MCP.",
            ),
            Self::SessionEnded => (
                "The agent used a session that has ended",
                "The session was ended: {detail}.",
                "Sign in from the agent once more.",
            ),
            Self::StaticTokenEnded => (
                "The token does not work any more",
                "The agent sent a token that has expired or was revoked: {detail}.",
                "Make a new token under Portal MCP and put it in the place of the old one.",
            ),
            Self::RefreshRefused => (
                "The agent could not renew its access",
                "Portal refused its refresh token: {detail}.",
                "Sign in from the agent once more.",
            ),
            Self::AddressRefused => (
                "The token may not be used from there",
                "The token is bound to certain network addresses, and the call came from {detail}.",
                "Use it from an allowed network, or ask whoever made it for a token with other addresses.",
            ),
            Self::ScopeTooSmall => (
                "The agent may not do that",
                "It is connected, but a tool needs more than was allowed: {detail}.",
                "If you want that, sign in from the agent again and allow more on the consent page.",
            ),
            Self::SourceOff => (
                "The tool is switched off",
                "The agent called {detail}, whose plugin source the admins have turned off.",
                "Ask an admin to turn the source on under App settings, General, MCP, “Plugin sources”.",
            ),
            Self::SourceNotAllowed => (
                "The token may not use that tool",
                "The agent called {detail}, which this token was not made for.",
                "Make a token that includes that plugin source, or sign in instead.",
            ),
            Self::OriginRefused => (
                "A web page was turned away",
                "A web page of another origin called the MCP address: {detail}.",
                "If that page may call Portal, an admin can add its origin to mcp.allowed_origins in the configuration.",
            ),
            Self::PersonSuspended => (
                "The person may not use Portal",
                "The account behind the token is disabled, suspended or gone from the catalog: {detail}.",
                "An admin can see why under App settings, Users.",
            ),
            Self::DirectoryStale => (
                "Portal does not know enough about you right now",
                "The directory that says who may use Portal has not been read for too long, so no new access is given.",
                "Try again later. Admins see the directory’s state under App settings, Org data.",
            ),
            _ => (
                "Portal does not know the token",
                "The agent sent a token that Portal never made, or that was removed long ago.",
                "Copy the token once more, without spaces or quotes, or sign in instead.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_failure_has_its_own_text() {
        let words: Vec<AttemptWords> = AttemptKind::ALL.iter().map(|kind| kind.words("why")).collect();
        let headings: BTreeSet<&str> = words.iter().map(|words| words.heading).collect();
        let whats: BTreeSet<&str> =
            words.iter().filter(|words| !words.ask.is_empty()).map(|words| words.what.as_str()).collect();
        assert_eq!(headings.len(), AttemptKind::ALL.len());
        assert_eq!(whats.len(), AttemptKind::ALL.iter().filter(|kind| kind.is_failure()).count());
    }

    #[test]
    fn kinds_read_back() {
        for kind in AttemptKind::ALL {
            assert_eq!(AttemptKind::parse(kind.as_str()), Some(*kind));
        }
        assert_eq!(AttemptKind::parse("else"), None);
    }
}
