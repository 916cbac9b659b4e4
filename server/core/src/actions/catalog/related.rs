//! Finding the one entity that a call means.

use std::sync::Arc;

use portal_model::entity_ref::DEFAULT_NAMESPACE;
use schemars::JsonSchema;

use super::input::Input;
use crate::{
    actions::ActionError,
    catalog::{CatalogService, StoredEntity},
};

/// Fields of [`MeantEntity`].
pub(super) const MEANT_FIELDS: [&str; 3] = ["name", "kind", "namespace"];
/// Entities of one name that are listed when it is not clear which is meant.
const LISTED_MAX: u32 = 20;

/// Which entity is meant.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the input, which is read by hand for better messages")]
pub(super) struct MeantEntity {
    /// The entity's name, `metadata.name`, such as `payments`; or a whole reference, such as
    /// `component:default/payments`. Case does not matter.
    name: String,
    /// Its kind, such as `Component`, `API`, `User`. Needed only when entities of several kinds have the name.
    kind: Option<String>,
    /// Its namespace. Needed only when several namespaces have the name; most entities are in `default`.
    namespace: Option<String>,
}

/// What a call names.
pub(super) struct Meant {
    pub(super) name: String,
    pub(super) kind: Option<String>,
    pub(super) namespace: Option<String>,
}

impl Meant {
    /// Reads the three fields. A reference in `name` says kind and namespace unless fields do.
    pub(super) fn read(input: &mut Input) -> Result<Self, ActionError> {
        let name = input.required_text("name", "the name of an entity, such as payments")?;
        let mut kind = input.text("kind")?;
        let mut namespace = input.text("namespace")?;
        let (written_kind, rest) =
            name.split_once(':').map_or((None, name.as_str()), |(kind, rest)| (Some(kind.to_owned()), rest));
        let (written_namespace, short) =
            rest.split_once('/').map_or((None, rest), |(namespace, name)| (Some(namespace.to_owned()), name));
        let is_reference = written_kind.is_some();
        kind = kind.or(written_kind);
        namespace =
            namespace.or(written_namespace).or_else(|| is_reference.then(|| DEFAULT_NAMESPACE.to_owned()));
        Ok(Self { name: short.to_owned(), kind, namespace })
    }

    /// The one entity that is meant.
    ///
    /// # Errors
    /// None is, with names that are near; or several are, with their references.
    pub(super) async fn find(&self, catalog: &CatalogService) -> Result<Arc<StoredEntity>, ActionError> {
        let (kind, namespace) = (self.kind.as_deref(), self.namespace.as_deref());
        let found = catalog.entities_named(kind, namespace, &self.name, LISTED_MAX).await?;
        match found.as_slice() {
            [only] => return Ok(Arc::clone(only)),
            [] => {}
            several => {
                let refs: Vec<_> = several.iter().map(|entity| entity.entity_ref.to_string()).collect();
                let told = refs.join(", ");
                return Err(ActionError::Conflict(format!(
                    "several entities have this name; name kind and namespace of the one you mean: {told}"
                )));
            }
        }
        let mut wanted = String::new();
        if let Some(kind) = kind {
            wanted.push_str(kind);
            wanted.push(':');
        }
        if let Some(namespace) = namespace {
            wanted.push_str(namespace);
            wanted.push('/');
        }
        wanted.push_str(&self.name);
        let wanted: String = wanted.chars().take(200).collect();
        let near: Vec<_> =
            catalog.near_names(None, &self.name).await?.iter().map(ToString::to_string).collect();
        let hint = if near.is_empty() {
            "catalog_query_catalog_entities finds entities by other properties".to_owned()
        } else {
            format!("near names: {}", near.join(", "))
        };
        Err(ActionError::NotFound(format!("no entity {wanted:?} is in the catalog; {hint}")))
    }
}
