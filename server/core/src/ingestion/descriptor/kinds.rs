//! The kinds that are known, and what their specs hold.

use super::{
    checker::{Checker, RefForm, join, quoted},
    envelope::Identity,
};
use crate::ingestion::yaml::{Node, NodeValue};

/// What a field of a spec is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A text that is not blank.
    Words,
    /// A list of texts.
    WordsList,
    /// A reference; the kind it has when it names none, and the relation it makes.
    Ref(Option<&'static str>, Link),
    /// A list of such references.
    RefList(Option<&'static str>, Link),
    /// Name, e-mail and picture of a person or group.
    Profile,
    /// A list of objects.
    Objects,
}

/// A pair of relations: what the entity gets, and what the other one gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) forward: &'static str,
    pub(super) backward: &'static str,
}

const fn link(forward: &'static str, backward: &'static str) -> Link {
    Link { forward, backward }
}

/// A field of a known kind's spec.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) required: bool,
    pub(super) shape: Shape,
}

const fn required(name: &'static str, shape: Shape) -> Field {
    Field { name, required: true, shape }
}

const fn optional(name: &'static str, shape: Shape) -> Field {
    Field { name, required: false, shape }
}

/// A kind that is known.
#[derive(Debug)]
pub struct KindRule {
    /// The kind as it is written.
    pub kind: &'static str,
    /// What it stands for, in a sentence.
    pub meaning: &'static str,
    pub(super) fields: &'static [Field],
}

impl KindRule {
    /// The fields of its spec: name, and whether it is required.
    pub fn field_list(&self) -> impl Iterator<Item = (&'static str, bool)> {
        self.fields.iter().map(|field| (field.name, field.required))
    }
}

const TYPE: Field = required("type", Shape::Words);
const LIFECYCLE: Field = required("lifecycle", Shape::Words);
const OWNER_SHAPE: Shape = Shape::Ref(Some("Group"), link("ownedBy", "ownerOf"));
const OWNER: Field = required("owner", OWNER_SHAPE);
const SYSTEM: Field = optional("system", Shape::Ref(Some("System"), link("partOf", "hasPart")));
const DEPENDS_ON: Field = optional("dependsOn", Shape::RefList(None, link("dependsOn", "dependencyOf")));
const DEPENDENCY_OF: Field =
    optional("dependencyOf", Shape::RefList(None, link("dependencyOf", "dependsOn")));

/// Every kind that is known.
pub static KNOWN_KINDS: [KindRule; 9] = [
    KindRule {
        kind: "Component",
        meaning: "A piece of software: a service, a website, a library.",
        fields: &[
            TYPE,
            LIFECYCLE,
            OWNER,
            SYSTEM,
            optional("subcomponentOf", Shape::Ref(Some("Component"), link("partOf", "hasPart"))),
            optional("providesApis", Shape::RefList(Some("API"), link("providesApi", "apiProvidedBy"))),
            optional("consumesApis", Shape::RefList(Some("API"), link("consumesApi", "apiConsumedBy"))),
            DEPENDS_ON,
            DEPENDENCY_OF,
        ],
    },
    KindRule {
        kind: "API",
        meaning: "An interface that components provide and consume.",
        fields: &[
            TYPE,
            LIFECYCLE,
            OWNER,
            SYSTEM,
            optional("definition", Shape::Words),
            optional("remotes", Shape::Objects),
        ],
    },
    KindRule {
        kind: "Resource",
        meaning: "Infrastructure that software needs: a database, a queue, a bucket.",
        fields: &[TYPE, OWNER, SYSTEM, DEPENDS_ON, DEPENDENCY_OF],
    },
    KindRule {
        kind: "System",
        meaning: "Components, APIs and resources that do one job together.",
        fields: &[
            OWNER,
            optional("type", Shape::Words),
            optional("domain", Shape::Ref(Some("Domain"), link("partOf", "hasPart"))),
        ],
    },
    KindRule {
        kind: "Domain",
        meaning: "Systems of one part of the business.",
        fields: &[
            OWNER,
            optional("type", Shape::Words),
            optional("subdomainOf", Shape::Ref(Some("Domain"), link("partOf", "hasPart"))),
        ],
    },
    KindRule {
        kind: "AiResource",
        meaning: "Something that coding agents are given: a skill, a rule, a prompt.",
        fields: &[TYPE, OWNER, optional("lifecycle", Shape::Words), SYSTEM, DEPENDS_ON, DEPENDENCY_OF],
    },
    KindRule {
        kind: "User",
        meaning: "A person.",
        fields: &[
            optional("profile", Shape::Profile),
            optional("memberOf", Shape::RefList(Some("Group"), link("memberOf", "hasMember"))),
        ],
    },
    KindRule {
        kind: "Group",
        meaning: "A team, a department, a company.",
        fields: &[
            TYPE,
            optional("profile", Shape::Profile),
            optional("parent", Shape::Ref(Some("Group"), link("childOf", "parentOf"))),
            optional("children", Shape::RefList(Some("Group"), link("parentOf", "childOf"))),
            optional("members", Shape::RefList(Some("User"), link("hasMember", "memberOf"))),
        ],
    },
    KindRule {
        kind: "Location",
        meaning: "Other descriptor files.",
        fields: &[
            optional("type", Shape::Words),
            optional("target", Shape::Words),
            optional("targets", Shape::WordsList),
            optional("presence", Shape::Words),
        ],
    },
];

/// What fields mean in kinds that are not known, when they are there and have that form.
pub(super) const GENERIC_FIELDS: &[Field] =
    &[optional("owner", OWNER_SHAPE), SYSTEM, DEPENDS_ON, DEPENDENCY_OF];

const API_VERSION_GROUP: &str = "backstage.io/";
const API_VERSIONS: [&str; 2] = ["backstage.io/v1alpha1", "backstage.io/v1beta1"];

/// The rule of a kind, whatever its case.
#[must_use]
pub fn known_kind(kind: &str) -> Option<&'static KindRule> {
    KNOWN_KINDS.iter().find(|rule| rule.kind.eq_ignore_ascii_case(kind))
}

/// Checks the spec of a kind that is known. Kinds of other makers go by the envelope alone.
pub(super) fn check(checker: &mut Checker, root: &Node, identity: Option<&Identity>) {
    // The spec is judged even when the name is not right: all faults at once.
    let kind = root.get("kind").and_then(Node::text).unwrap_or_default();
    let version = root.get("apiVersion").and_then(Node::text).unwrap_or_default();
    let Some(rule) = known_kind(kind).filter(|_| version.starts_with(API_VERSION_GROUP)) else { return };
    if identity.is_some_and(|identity| !API_VERSIONS.contains(&identity.api_version.as_str())) {
        let line = root.get("apiVersion").map_or(root.line, |node| node.line);
        let expected = API_VERSIONS.join(" or ");
        checker.fault(
            line,
            "apiVersion",
            format!("{} is not known for {}; expected {expected}", quoted(version), rule.kind),
        );
    }
    let namespace =
        identity.map_or(portal_model::entity_ref::DEFAULT_NAMESPACE, |identity| &identity.namespace);
    let Some(spec) = Checker::optional(root, "spec") else {
        let missing: Vec<_> =
            rule.fields.iter().filter(|field| field.required).map(|field| field.name).collect();
        if !missing.is_empty() {
            checker.fault(
                root.line,
                "spec",
                format!("is missing; expected an object with {}", missing.join(", ")),
            );
        }
        return;
    };
    if !matches!(spec.value, NodeValue::Mapping(_)) {
        return;
    }
    for field in rule.fields {
        check_field(checker, spec, field, namespace);
    }
    match rule.kind {
        "API" => check_one_of(checker, spec, "definition", "remotes"),
        "Location" => check_one_of(checker, spec, "target", "targets"),
        _ => {}
    }
}

fn check_field(checker: &mut Checker, spec: &Node, field: &Field, namespace: &str) {
    let path = join("spec", field.name);
    let node = if field.required {
        checker.required(spec, "spec", field.name, expected(field.shape))
    } else {
        Checker::optional(spec, field.name)
    };
    let Some(node) = node else { return };
    match field.shape {
        Shape::Words => checker.words(node, &path),
        Shape::WordsList => {
            for (path, item) in checker.items(node, &path) {
                checker.words(item, &path);
            }
        }
        Shape::Ref(default_kind, _) => checker.reference(node, &path, RefForm { default_kind, namespace }),
        Shape::RefList(default_kind, _) => {
            for (path, item) in checker.items(node, &path) {
                checker.reference(item, &path, RefForm { default_kind, namespace });
            }
        }
        Shape::Profile => check_profile(checker, node, &path),
        Shape::Objects => {
            for (path, item) in checker.items(node, &path) {
                checker.object(item, &path);
            }
        }
    }
}

fn check_profile(checker: &mut Checker, profile: &Node, path: &str) {
    checker.object(profile, path);
    for key in ["displayName", "email", "picture"] {
        if let Some(node) = Checker::optional(profile, key) {
            checker.words(node, &join(path, key));
        }
    }
}

fn check_one_of(checker: &mut Checker, spec: &Node, first: &str, second: &str) {
    if Checker::optional(spec, first).is_none() && Checker::optional(spec, second).is_none() {
        checker.fault(
            spec.line,
            join("spec", first),
            format!("is missing; expected spec.{first} or spec.{second}"),
        );
    }
}

const fn expected(shape: Shape) -> &'static str {
    match shape {
        Shape::Words => "a text",
        Shape::WordsList | Shape::RefList(..) | Shape::Objects => "a list",
        Shape::Ref(..) => "a reference to an entity",
        Shape::Profile => "an object",
    }
}
