//! Links when the rules of the configuration have changed: everyone is looked at again.

use std::collections::BTreeSet;

use super::{Batch, StandingContext, StandingOutcome, accounts, holdings};
use crate::{
    changes::Topic,
    identity::RequestOrigin,
    org::{
        DirectoryIdentity, IdentityKey, LinkRule, ProviderId, Subject,
        link::{self, rules},
        people::provider_options,
    },
    ports::StoreError,
    services::Dependencies,
};

/// People looked at in one transaction.
const PAGE: u32 = 200;
/// Where the rules are kept that the links were made by.
const RULES_KEY: &str = "org-link-rules";

/// Brings links up to date if the rules of the configuration are not those that they were made by. Returns how many
/// changed. The server calls it at the start; cut short, it begins anew at the next.
///
/// # Errors
/// The store failed; what was done until then stays done.
pub async fn relink(dependencies: &Dependencies) -> Result<u64, StoreError> {
    let text = rules_text(dependencies);
    let stored = dependencies.store.read().await?.setting_list().await?;
    let known = stored.iter().find(|(key, _)| key == RULES_KEY).map(|(_, value)| value.as_str());
    if known.unwrap_or("\"\"") == text {
        return Ok(0);
    }
    let mut changed = 0;
    for provider in involved(dependencies) {
        changed += relink_provider(dependencies, &provider).await?;
    }
    let mut tx = dependencies.store.write().await?;
    tx.setting_put(RULES_KEY, &text).await?;
    tx.commit().await?;
    Ok(changed)
}

/// The rules as one JSON text.
fn rules_text(dependencies: &Dependencies) -> String {
    let all: Vec<String> = rules(&dependencies.directories)
        .map(|rule| match rule.link {
            LinkRule::VerifiedEmail { to } => format!("{} is {to} by e-mail", rule.from),
            LinkRule::Annotation { to, key } => format!("{} is {to} by {key}", rule.from),
        })
        .collect();
    serde_json::Value::from(all.join("; ")).to_string()
}

/// Providers of any rule: those that rules lead to before those that they come from.
fn involved(dependencies: &Dependencies) -> Vec<ProviderId> {
    let to = rules(&dependencies.directories).map(|rule| rule.link.to().clone());
    let from = rules(&dependencies.directories).map(|rule| rule.from.clone());
    let mut seen = BTreeSet::new();
    to.chain(from).filter(|provider| seen.insert(provider.clone())).collect()
}

async fn relink_provider(dependencies: &Dependencies, provider: &ProviderId) -> Result<u64, StoreError> {
    let Some(options) = provider_options(&dependencies.directories, provider) else { return Ok(0) };
    let mut after: Option<Subject> = None;
    let mut changed = 0;
    loop {
        let context = StandingContext {
            provider: options,
            directories: &dependencies.directories,
            now: dependencies.clock.now(),
            rng: &*dependencies.rng,
            origin: &RequestOrigin::default(),
        };
        let mut tx = dependencies.store.write().await?;
        tx.change_record(Topic::Access).await?;
        let page: Vec<DirectoryIdentity> = tx.identity_page(provider, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(changed) };
        after = Some(last.key.subject.clone());
        let relinked = link::update(&context, tx.as_mut(), &page).await?;
        if !relinked.is_empty() {
            let touched: BTreeSet<IdentityKey> =
                relinked.iter().map(|relinked| relinked.key.clone()).collect();
            let _: StandingOutcome = accounts::settle(&context, tx.as_mut(), touched, &relinked).await?;
            holdings::follow(&context, tx.as_mut(), &Batch::default(), &relinked).await?;
        }
        changed += u64::try_from(relinked.len()).unwrap_or(u64::MAX);
        tx.commit().await?;
        dependencies.changes.expire();
    }
}
