//! What is looked at before a location is registered.

use url::Url;

use super::{Location, LocationOrigin, RegisterError, Target, walk::Walk};
use crate::{audit::Actor, ports::LocationReader, time::UnixMillis};

/// Most locations that people and agents may register.
pub const REGISTERED_MAX: usize = 1_000;
/// Longest address of a registered location, in bytes.
const URL_LENGTH_MAX: usize = 2_000;
/// Most documents and files looked at to find one entity that can be taken.
const PROBE_STEPS_MAX: usize = 100;

/// The target in its one form, if this actor may register it.
pub(super) fn vetted(target: Target, actor: &Actor) -> Result<Target, RegisterError> {
    let unusable = |reason: &str| Err(RegisterError::Unusable(reason.to_owned()));
    match target {
        Target::File(_) if matches!(actor, Actor::CommandLine | Actor::System) => Ok(target),
        Target::File(_) => unusable(
            "files of Portal's machine are not registered: register the https address of the descriptor file, \
             or have an admin add the file to [[catalog.locations]] in the configuration",
        ),
        Target::Provider(_) => {
            unusable("a provider is not registered; expected the https address of a descriptor file")
        }
        Target::Url(text) => {
            if text.len() > URL_LENGTH_MAX {
                return unusable("the address is longer than 2,000 characters");
            }
            let Ok(mut url) = Url::parse(text.trim()) else {
                return unusable("this is not an address; expected https://… of a descriptor file");
            };
            if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
                return unusable("expected an address that begins with https://");
            }
            if !url.username().is_empty() || url.password().is_some() {
                return unusable("the address holds a user name or password; expected one without");
            }
            url.set_fragment(None);
            Ok(Target::Url(url.into()))
        }
    }
}

/// The location to be registered.
pub(super) fn location(target: Target, actor: &Actor, now: UnixMillis) -> Location {
    let who = match actor {
        Actor::User { name, .. } | Actor::Agent { name, .. } | Actor::StaticToken { name, .. } => {
            name.clone()
        }
        Actor::CommandLine => "the command line".to_owned(),
        Actor::System | Actor::Anonymous => "portal".to_owned(),
    };
    Location {
        id: target.location_id(),
        target,
        allow: None,
        origin: LocationOrigin::Registered(who),
        created_at: now,
        published_run: None,
        last_outcome: None,
        last_failure: None,
    }
}

/// Whether it is new, and one more is allowed.
pub(super) fn room(stored: &[Location], location: &Location) -> Result<(), RegisterError> {
    if let Some(twin) = stored.iter().find(|stored| stored.target == location.target) {
        return Err(RegisterError::Exists(twin.id.clone()));
    }
    let registered =
        stored.iter().filter(|stored| matches!(stored.origin, LocationOrigin::Registered(_))).count();
    if registered >= REGISTERED_MAX {
        let reason = format!("{REGISTERED_MAX} locations are registered already; unregister one first");
        return Err(RegisterError::Unusable(reason));
    }
    Ok(())
}

/// Reads until there is one entity that can be taken.
pub(super) async fn probe(reader: &dyn LocationReader, location: &Location) -> Result<(), RegisterError> {
    let mut walk = Walk::new(reader, location);
    let mut reasons: Vec<String> = Vec::new();
    for _ in 0..PROBE_STEPS_MAX {
        let step = walk.next().await.map_err(|error| RegisterError::Unusable(error.to_string()))?;
        let Some(step) = step else { break };
        if step.found.is_some() {
            return Ok(());
        }
        reasons.extend(step.rejections.into_iter().map(|rejection| {
            let line = rejection.line.map(|line| format!("line {line}: ")).unwrap_or_default();
            let path = rejection.path.map(|path| format!("{path} ")).unwrap_or_default();
            format!("{line}{path}{}", rejection.reason)
        }));
    }
    reasons.truncate(5);
    if reasons.is_empty() {
        reasons.push("it holds no entity".to_owned());
    }
    Err(RegisterError::Unusable(format!("nothing in it can be taken: {}", reasons.join("; "))))
}
