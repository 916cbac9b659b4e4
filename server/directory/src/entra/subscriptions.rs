//! Subscribing to change notifications, and staying subscribed.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::Method;
use portal_core::{
    ports::DirectoryError,
    secret::Secret,
    time::{DAY_MS, UnixMillis},
};
use ring::digest;
use serde_json::json;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use url::Url;

use super::{
    EntraDirectory,
    records::{GraphPage, GraphSubscription},
};
use crate::api::ApiRequest;

/// How long a subscription is asked for; Graph allows 29 days for users and groups.
const LIFETIME_MS: i64 = 28 * DAY_MS;
/// A subscription that ends earlier than this is renewed.
const RENEWAL_MS: i64 = 14 * DAY_MS;
/// What is subscribed to, and which changes of it.
const RESOURCES: [(&str, &str); 2] = [("users", "updated,deleted"), ("groups", "updated,deleted")];
/// Most pages of subscriptions that are looked through.
const PAGES_MAX: usize = 10;
const WHAT: &str = "subscriptions to change notifications";

impl EntraDirectory {
    /// Sees to the subscriptions; what goes wrong is logged, since runs find everything without them too.
    pub(super) async fn subscribe_or_warn(&self) {
        if let Err(error) = self.subscribe().await {
            tracing::warn!(%error, "Entra ID sends no change notifications; changes are found by runs only");
        }
    }

    /// Makes or renews the subscriptions, where the configuration wants them. Those of an earlier secret are ended.
    pub(super) async fn subscribe(&self) -> Result<(), DirectoryError> {
        let (Some(address), Some(secret)) = (&self.options.notification_url, &self.options.webhook_secret)
        else {
            return Ok(());
        };
        let address = marked(address, secret);
        let now = self.api.clock().now();
        let known = self.subscriptions().await?;
        let ours = |subscription: &&GraphSubscription| {
            let url = subscription.notification_url.as_deref().and_then(|url| Url::parse(url).ok());
            url.is_some_and(|url| url.origin() == address.origin() && url.path() == address.path())
        };
        for (resource, changes) in RESOURCES {
            let mut current = false;
            for subscription in known.iter().filter(ours).filter(|found| found.resource == resource) {
                if current || subscription.notification_url.as_deref() != Some(address.as_str()) {
                    self.end(&subscription.id).await?;
                } else {
                    current = true;
                    if ends_before(&subscription.expiration_date_time, now.plus(RENEWAL_MS)) {
                        self.renew(&subscription.id, now).await?;
                    }
                }
            }
            if !current {
                self.begin(resource, changes, &address, secret).await?;
            }
        }
        Ok(())
    }

    async fn subscriptions(&self) -> Result<Vec<GraphSubscription>, DirectoryError> {
        let mut request = ApiRequest::get("subscriptions", WHAT);
        let mut known = Vec::new();
        for _ in 0..PAGES_MAX {
            let found: GraphPage<GraphSubscription> = self.api.send(request).await?.json()?;
            known.extend(found.value);
            let Some(next) = found.next.and_then(|next| Url::parse(&next).ok()) else { break };
            request = ApiRequest::get_address(next, WHAT);
        }
        Ok(known)
    }

    async fn begin(
        &self,
        resource: &str,
        changes: &str,
        address: &Url,
        secret: &Secret,
    ) -> Result<(), DirectoryError> {
        let body = json!({
            "changeType": changes,
            "notificationUrl": address.as_str(),
            "lifecycleNotificationUrl": address.as_str(),
            "resource": resource,
            "expirationDateTime": self.api.clock().now().plus(LIFETIME_MS).rfc3339(),
            "clientState": secret.expose(),
        });
        self.api.send(ApiRequest::post("subscriptions", WHAT).json(&body)).await.map(drop)
    }

    async fn renew(&self, id: &str, now: UnixMillis) -> Result<(), DirectoryError> {
        let body = json!({ "expirationDateTime": now.plus(LIFETIME_MS).rfc3339() });
        let request =
            ApiRequest::post(&format!("subscriptions/{id}"), WHAT).method(Method::PATCH).json(&body);
        self.api.send(request).await.map(drop)
    }

    async fn end(&self, id: &str) -> Result<(), DirectoryError> {
        let request = ApiRequest::get(&format!("subscriptions/{id}"), WHAT).method(Method::DELETE);
        match self.api.send(request).await {
            Ok(_) | Err(DirectoryError::NotFound(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// The address with a mark of the secret: Graph never tells which `clientState` a subscription has, and one of an
/// earlier secret would send what cannot be believed.
fn marked(address: &Url, secret: &Secret) -> Url {
    let hash = digest::digest(&digest::SHA256, format!("clientState {}", secret.expose()).as_bytes());
    let mark = URL_SAFE_NO_PAD.encode(hash.as_ref().get(..6).unwrap_or_default());
    let mut address = address.clone();
    address.query_pairs_mut().append_pair("key", &mark);
    address
}

/// Whether a date lies before a point in time; one that cannot be read does.
fn ends_before(date: &str, limit: UnixMillis) -> bool {
    let at = OffsetDateTime::parse(date, &Rfc3339).map(|at| at.unix_timestamp_nanos() / 1_000_000);
    at.map_or(true, |at| at < i128::from(limit.0))
}
