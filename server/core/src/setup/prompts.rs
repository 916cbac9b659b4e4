//! Things to ask a connected agent, which name what the person knows.

use portal_model::EntityRef;

use super::SetupService;
use crate::{
    catalog::{CatalogError, StoredEntity},
    identity::SignedIn,
};

/// Most examples that are shown.
pub const EXAMPLE_PROMPTS_MAX: usize = 5;
/// Entities that are looked at for one example.
const CANDIDATES: u32 = 20;

/// Something to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExamplePrompt {
    /// What to paste into the agent; names of entities are in it.
    pub text: String,
    /// What it shows.
    pub about: &'static str,
}

impl ExamplePrompt {
    fn new(text: impl Into<String>, about: &'static str) -> Self {
        Self { text: text.into(), about }
    }
}

impl SetupService {
    /// Three to five things to ask, which name what the person owns, provides or belongs to, as far as the catalog knows.
    ///
    /// # Errors
    /// The store failed.
    pub async fn example_prompts(&self, signed_in: &SignedIn) -> Result<Vec<ExamplePrompt>, CatalogError> {
        let owners = self.catalog.ownership_refs(&signed_in.user().entity_ref).await?;
        let mut prompts = vec![ExamplePrompt::new(
            "Who am I in Portal, and which groups am I in?",
            "A first check that the agent acts as you",
        )];
        let components = self.owned(&owners, "component").await?;
        // The one with the most around it has the most to tell.
        if let Some(component) = components.iter().max_by_key(|found| found.relations.len()) {
            let name = component.entity_ref.name();
            prompts.push(ExamplePrompt::new(
                format!("What does {name} depend on, what depends on it, and who owns those?"),
                "Relations of a component you own",
            ));
        }
        prompts.extend(self.about_apis(&owners, &components).await?);
        if let Some(group) = owners.iter().find(|owner| owner.kind() == "group") {
            let name = group.name();
            prompts.push(ExamplePrompt::new(
                format!("What does {name} own, and which of it is deprecated or has no description?"),
                "The catalog of your group",
            ));
        }
        if let Some(system) = self.owned(&owners, "system").await?.first() {
            let name = system.entity_ref.name();
            prompts.push(ExamplePrompt::new(
                format!(
                    "Describe the system {name} to a new colleague: its parts, their owners and its APIs."
                ),
                "A system you own",
            ));
        }
        prompts.extend(general());
        prompts.truncate(if owners.len() > 1 || !components.is_empty() { EXAMPLE_PROMPTS_MAX } else { 4 });
        Ok(prompts)
    }

    async fn about_apis(
        &self,
        owners: &[EntityRef],
        components: &[StoredEntity],
    ) -> Result<Option<ExamplePrompt>, CatalogError> {
        if let Some(api) = self.owned(owners, "api").await?.first() {
            let name = api.entity_ref.name();
            return Ok(Some(ExamplePrompt::new(
                format!("Show me the definition of the API {name} and list who consumes it."),
                "An API you provide",
            )));
        }
        let consumed = components.iter().flat_map(|component| &component.relations);
        let consumed = consumed.filter(|relation| relation.kind == "consumesApi").map(|found| &found.target);
        Ok(consumed.min().map(|api| {
            let name = api.name();
            ExamplePrompt::new(
                format!("Show me the definition of the API {name} and write a small client for it."),
                "An API you consume",
            )
        }))
    }

    async fn owned(&self, owners: &[EntityRef], kind: &str) -> Result<Vec<StoredEntity>, CatalogError> {
        Ok(self.catalog.owned(owners, Some(kind), CANDIDATES).await?.items)
    }
}

/// For everybody.
fn general() -> [ExamplePrompt; 3] {
    [
        ExamplePrompt::new(
            "Which teams are there in Portal, and what does each of them own?",
            "An overview of the catalog",
        ),
        ExamplePrompt::new(
            "Find the service in Portal that handles sign-in, and tell me whom to ask about it.",
            "Search by what something does",
        ),
        ExamplePrompt::new(
            "Which APIs does Portal list, and which of them are meant for other teams?",
            "APIs of the catalog",
        ),
    ]
}
