//! Walking a location: its file, the files that its Location entities name, and so on.

use std::collections::{HashMap, HashSet, VecDeque};

use portal_model::EntityRef;
use url::Url;

use super::{
    Location, Rejection, Target,
    descriptor::{self, Descriptor, Fault},
    placeholder,
    stage::{Provenance, stage},
    yaml::{self, Document, Node, NodeValue},
};
use crate::{
    catalog::StagedEntity,
    ports::{LocationReader, ReadError},
};

/// Most descriptor files of one run.
pub const FILES_MAX: usize = 20_000;
/// Most steps from a location's own file to a file it reaches.
pub const STEPS_MAX: usize = 16;
/// Most entities of one run.
pub const ENTITIES_MAX: usize = 200_000;

/// An entity that the walk has come upon.
pub(super) struct Found {
    pub(super) entity: StagedEntity,
    /// Whether something around it went wrong, as its status says.
    pub(super) with_errors: bool,
    pub(super) file: String,
    pub(super) line: u32,
}

/// What one document, or one file that cannot be used, came to.
#[derive(Default)]
pub(super) struct Step {
    pub(super) found: Option<Found>,
    pub(super) rejections: Vec<Rejection>,
    /// A file that cannot be reached right now, as `managed-by-location` names it, and why.
    pub(super) outage: Option<(String, ReadError)>,
}

impl Step {
    fn rejected(rejections: Vec<Rejection>) -> Self {
        Self { rejections, ..Self::default() }
    }
}

/// A file to be read.
struct Visit {
    target: String,
    /// The file that names it; `None` for the location's own.
    base: Option<String>,
    steps: usize,
    named_at: Option<NamedAt>,
}

/// Where a file is named.
struct NamedAt {
    line: u32,
    path: String,
    entity: String,
    optional: bool,
}

struct OpenFile {
    name: String,
    steps: usize,
    documents: std::vec::IntoIter<Document>,
}

/// A walk under way.
pub(super) struct Walk<'run> {
    reader: &'run dyn LocationReader,
    location: &'run Location,
    origin: String,
    visits: VecDeque<Visit>,
    visits_made: usize,
    seen: HashSet<String>,
    defined: HashMap<EntityRef, (String, u32)>,
    open: Option<OpenFile>,
}

impl<'run> Walk<'run> {
    /// A walk that has not begun.
    pub(super) fn new(reader: &'run dyn LocationReader, location: &'run Location) -> Self {
        let (origin, target) = match &location.target {
            Target::File(path) => {
                let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
                (format!("file:{name}"), path.clone())
            }
            Target::Url(url) => (format!("url:{url}"), url.clone()),
            Target::Provider(id) => (format!("provider:{id}"), String::new()),
        };
        let first = Visit { target, base: None, steps: 0, named_at: None };
        Self {
            reader,
            location,
            origin,
            visits: VecDeque::from([first]),
            visits_made: 1,
            seen: HashSet::new(),
            defined: HashMap::new(),
            open: None,
        }
    }

    /// The next step; `None` when everything was walked.
    ///
    /// # Errors
    /// The location's own file cannot be read.
    pub(super) async fn next(&mut self) -> Result<Option<Step>, ReadError> {
        loop {
            if let Some(open) = &mut self.open {
                if let Some(document) = open.documents.next() {
                    let (name, steps) = (open.name.clone(), open.steps);
                    return Ok(Some(self.document(&name, steps, document).await));
                }
                self.open = None;
            }
            let Some(visit) = self.visits.pop_front() else { return Ok(None) };
            if let Some(step) = self.visit(visit).await? {
                return Ok(Some(step));
            }
        }
    }

    /// Reads a file. Answers a step only when it cannot be used.
    async fn visit(&mut self, visit: Visit) -> Result<Option<Step>, ReadError> {
        // Most twins are known by name, before reading; files with two names by their canonical one, after.
        let named = resolved_name(visit.base.as_deref(), &visit.target);
        if visit.base.is_some() && !self.seen.insert(named.clone()) {
            return Ok(None);
        }
        let managed_by = managed_by(&named);
        let read = self.reader.read(&self.location.target, visit.base.as_deref(), &visit.target).await;
        let file = match (read, visit.named_at) {
            (Ok(file), _) => file,
            (Err(error), None) => return Err(error),
            (Err(ReadError::Unreachable { .. }), Some(NamedAt { optional: true, .. })) => return Ok(None),
            (Err(error), Some(named_at)) => {
                let rejection = Rejection {
                    file: visit.base.unwrap_or_default(),
                    line: Some(named_at.line),
                    path: Some(named_at.path),
                    entity: Some(named_at.entity),
                    reason: error.to_string(),
                };
                let outage = matches!(error, ReadError::Outage { .. }).then_some((managed_by, error));
                return Ok(Some(Step { outage, ..Step::rejected(vec![rejection]) }));
            }
        };
        let fresh = self.seen.insert(file.name.clone());
        if !fresh && visit.base.is_some() && resolved_name(visit.base.as_deref(), &visit.target) != file.name
        {
            return Ok(None);
        }
        match yaml::load(&file.text) {
            Ok(documents) => {
                let documents = documents.into_iter();
                self.open = Some(OpenFile { name: file.name, steps: visit.steps, documents });
                Ok(None)
            }
            Err(fault) => {
                let fault = Fault { line: fault.line, path: fault.path, reason: fault.reason };
                Ok(Some(Step::rejected(rejections(&file.name, None, vec![fault]))))
            }
        }
    }

    async fn document(&mut self, file: &str, steps: usize, document: Document) -> Step {
        let mut root = match document.content {
            Ok(Some(root)) => root,
            Ok(None) => return Step::default(),
            Err(fault) => {
                let fault = Fault { line: fault.line, path: fault.path, reason: fault.reason };
                return Step::rejected(rejections(file, None, vec![fault]));
            }
        };
        let meant = descriptor::meant_ref(&root);
        match self.entity(file, steps, &mut root).await {
            Ok((found, faults)) => {
                Step { found: Some(found), ..Step::rejected(rejections(file, meant.as_deref(), faults)) }
            }
            Err(faults) => Step::rejected(rejections(file, meant.as_deref(), faults)),
        }
    }

    /// Judges one entity. An accepted one can have faults too: in where it leads.
    async fn entity(
        &mut self,
        file: &str,
        steps: usize,
        root: &mut Node,
    ) -> Result<(Found, Vec<Fault>), Vec<Fault>> {
        self.kind_allowed(root)?;
        let resolved = placeholder::resolve(self.reader, &self.location.target, file, root).await;
        let line = root.line;
        let taken = std::mem::replace(root, Node { line, value: NodeValue::Null });
        let descriptor = match descriptor::check(taken) {
            Ok(descriptor) if resolved.faults.is_empty() => descriptor,
            Ok(_) => return Err(resolved.faults),
            Err(faults) => return Err(resolved.faults.into_iter().chain(faults).collect()),
        };
        let at_name = |reason: String| vec![Fault { line, path: "metadata.name".to_owned(), reason }];
        if let Some((first_file, first_line)) = self.defined.get(&descriptor.entity_ref) {
            return Err(at_name(format!(
                "{} is defined already, in {first_file} line {first_line}; the first one stays",
                descriptor.entity_ref
            )));
        }
        if self.defined.len() >= ENTITIES_MAX {
            return Err(at_name(format!("the location has more than {ENTITIES_MAX} entities")));
        }
        let managed_by = managed_by(file);
        let provenance = Provenance { managed_by: &managed_by, origin: &self.origin };
        let entity = stage(&descriptor, provenance, &resolved.errors).map_err(|fault| vec![fault])?;
        self.defined.insert(descriptor.entity_ref.clone(), (file.to_owned(), line));
        let faults = self.follow(file, steps, &descriptor);
        let with_errors = !resolved.errors.is_empty();
        Ok((Found { entity, with_errors, file: file.to_owned(), line }, faults))
    }

    fn kind_allowed(&self, root: &Node) -> Result<(), Vec<Fault>> {
        let Some(kind) = root.get("kind") else { return Ok(()) };
        let Some(text) = kind.text() else { return Ok(()) };
        if text.eq_ignore_ascii_case("location") || self.location.allows(text) {
            return Ok(());
        }
        let allowed = self.location.allow.as_ref().map_or_else(
            || "any kind but User and Group".to_owned(),
            |kinds| format!("one of {}", kinds.join(", ")),
        );
        let reason = format!("this location may not define this kind; expected {allowed}");
        Err(vec![Fault { line: kind.line, path: "kind".to_owned(), reason }])
    }

    /// Plans visits to the files that a Location entity names.
    fn follow(&mut self, file: &str, steps: usize, descriptor: &Descriptor) -> Vec<Fault> {
        if descriptor.entity_ref.kind() != "location" {
            return Vec::new();
        }
        let Some(spec) = descriptor.root.get("spec") else { return Vec::new() };
        if let Some(fault) = type_fault(file, spec) {
            return vec![fault];
        }
        let optional = spec.get("presence").and_then(Node::text) == Some("optional");
        let mut targets = Vec::new();
        if let Some(target) = spec.get("target") {
            targets.push(("spec.target".to_owned(), target));
        }
        if let Some(Node { value: NodeValue::Sequence(items), .. }) = spec.get("targets") {
            targets.extend(
                items.iter().enumerate().map(|(index, item)| (format!("spec.targets.{index}"), item)),
            );
        }
        for (path, node) in targets {
            let Some(target) = node.text() else { continue };
            let too_far = (steps >= STEPS_MAX)
                .then(|| format!("the file is more than {STEPS_MAX} steps from the location's own"))
                .or_else(|| {
                    (self.visits_made >= FILES_MAX)
                        .then(|| format!("the location reaches more than {FILES_MAX} files"))
                });
            if let Some(reason) = too_far {
                return vec![Fault { line: node.line, path, reason }];
            }
            self.visits_made += 1;
            self.visits.push_back(Visit {
                target: target.to_owned(),
                base: Some(file.to_owned()),
                steps: steps + 1,
                named_at: Some(NamedAt {
                    line: node.line,
                    path,
                    entity: descriptor.entity_ref.to_string(),
                    optional,
                }),
            });
        }
        Vec::new()
    }
}

fn type_fault(file: &str, spec: &Node) -> Option<Fault> {
    let node = spec.get("type")?;
    let reason = match node.text()? {
        "url" => return None,
        "file" if !is_url(file) => return None,
        "file" => {
            "a location that was read from an address cannot lead to files of this machine; expected url"
        }
        _ => "this type of location is not known; expected file or url",
    };
    Some(Fault { line: node.line, path: "spec.type".to_owned(), reason: reason.to_owned() })
}

fn rejections(file: &str, entity: Option<&str>, faults: Vec<Fault>) -> Vec<Rejection> {
    faults
        .into_iter()
        .map(|fault| Rejection {
            file: file.to_owned(),
            line: Some(fault.line),
            path: Some(fault.path).filter(|path| !path.is_empty()),
            entity: entity.map(str::to_owned),
            reason: fault.reason,
        })
        .collect()
}

/// A file as the annotation names it.
fn managed_by(file: &str) -> String {
    let scheme = if is_url(file) { "url" } else { "file" };
    format!("{scheme}:{file}")
}

/// Whether a file's name is an address.
pub(super) fn is_url(name: &str) -> bool {
    name.starts_with("https://") || name.starts_with("http://")
}

/// The name a target most likely has: enough to know most twins before they are read.
fn resolved_name(base: Option<&str>, target: &str) -> String {
    if is_url(target) {
        return Url::parse(target).map_or_else(|_| target.to_owned(), String::from);
    }
    let Some(base) = base.filter(|_| !target.starts_with('/')) else { return target.to_owned() };
    if is_url(base) {
        let joined = Url::parse(base).and_then(|base| base.join(target));
        return joined.map_or_else(|_| target.to_owned(), String::from);
    }
    let folder = base.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(target.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
