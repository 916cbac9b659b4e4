//! A directory in memory: people, groups and memberships that a test changes as it likes, read page by page, with faults
//! where a test wants them.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use portal_core::{
    org::{
        DirectoryEmail, DirectoryGroup, DirectoryPerson, Exclusion, ExclusionReason, GroupId, Member,
        Membership, ProviderKind, Standing, Subject,
    },
    ports::{
        ConnectionReport, DirectoryClient, DirectoryCursor, DirectoryError, DirectoryEvent,
        DirectoryEventError, DirectoryEventRequest, DirectoryNext, DirectoryPage, DirectoryRead,
        PermissionCheck, PersonKey, PersonNow,
    },
    services::Directory,
};

use super::people::test_directory;

/// The header that makes an event authentic, and its value.
pub const EVENT_SECRET: (&str, &str) = ("x-event-secret", "open sesame");

/// A directory that belongs to a test.
#[derive(Default)]
pub struct ScriptedDirectory(Mutex<State>);

#[derive(Default)]
struct State {
    people: BTreeMap<Subject, DirectoryPerson>,
    groups: BTreeMap<GroupId, DirectoryGroup>,
    memberships: BTreeSet<Membership>,
    page_size: Option<usize>,
    has_delta: bool,
    /// What changed, in order; a delta begins at an index.
    log: Vec<Changed>,
    /// Deltas that begin before this index are too old.
    forgotten: usize,
    /// What the next requests fail with; `None` for one that works.
    faults: VecDeque<Option<DirectoryError>>,
    reads: Vec<DirectoryRead>,
    asked: Vec<PersonKey>,
}

#[derive(Clone, PartialEq, Eq)]
enum Changed {
    Person(Subject),
    Group(GroupId),
    Members(GroupId),
}

/// Someone active, called `login`.
#[must_use]
pub fn person(subject: &str, login: &str) -> DirectoryPerson {
    DirectoryPerson {
        subject: Subject(subject.to_owned()),
        login: login.to_owned(),
        email: Some(DirectoryEmail { address: format!("{login}@example.com"), verified: true }),
        display_name: Some(format!("The {login}")),
        picture: None,
        standing: Standing::Active,
        annotations: BTreeMap::from([("scripted.example/login".to_owned(), login.to_owned())]),
    }
}

/// Left out, for this reason.
#[must_use]
pub fn excluded(reason: ExclusionReason) -> Standing {
    Standing::Excluded(Exclusion { reason, vendor_status: reason.as_str().to_uppercase() })
}

/// A team.
#[must_use]
pub fn group(id: &str, name: &str, parent: Option<&str>) -> DirectoryGroup {
    DirectoryGroup {
        id: GroupId(id.to_owned()),
        name: name.to_owned(),
        display_name: None,
        description: Some(format!("The team {name}")),
        kind: "team".to_owned(),
        email: None,
        picture: None,
        parent: parent.map(|parent| GroupId(parent.to_owned())),
        annotations: BTreeMap::new(),
    }
}

impl ScriptedDirectory {
    /// An empty directory.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// A directory of people `1`, `2`, … called `person-1`, `person-2`, …
    #[must_use]
    pub fn of(count: usize) -> Arc<Self> {
        let directory = Self::new();
        for number in 1..=count {
            directory.put(person(&number.to_string(), &format!("person-{number}")));
        }
        directory
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The directory as the configuration would name it, read every hour, with a delta every five minutes.
    #[must_use]
    pub fn named(self: &Arc<Self>, id: &str) -> Directory {
        let mut directory = test_directory(id, ProviderKind::Custom);
        directory.options.delta_minutes = Some(5);
        directory.client = Arc::clone(self) as _;
        directory
    }

    /// Pages of so many people, groups and memberships from now on.
    pub fn set_page_size(&self, size: usize) {
        self.state().page_size = Some(size);
    }

    /// Lets deltas be read.
    pub fn set_delta(&self) {
        self.state().has_delta = true;
    }

    /// Makes every delta cursor given so far too old.
    pub fn forget_changes(&self) {
        let mut state = self.state();
        state.log.push(Changed::Person(Subject(String::new())));
        state.forgotten = state.log.len();
    }

    /// Adds or replaces a person.
    pub fn put(&self, person: DirectoryPerson) {
        let mut state = self.state();
        state.log.push(Changed::Person(person.subject.clone()));
        state.people.insert(person.subject.clone(), person);
    }

    /// Changes a person's standing.
    pub fn set_standing(&self, subject: &str, standing: Standing) {
        let mut person = self.find(subject);
        person.standing = standing;
        self.put(person);
    }

    /// Changes a person's login.
    pub fn rename(&self, subject: &str, login: &str) {
        let mut person = self.find(subject);
        login.clone_into(&mut person.login);
        self.put(person);
    }

    fn find(&self, subject: &str) -> DirectoryPerson {
        self.state().people.get(&Subject(subject.to_owned())).expect("a person of the directory").clone()
    }

    /// Takes a person out, without a word.
    pub fn remove(&self, subject: &str) {
        let subject = Subject(subject.to_owned());
        let mut state = self.state();
        state.people.remove(&subject);
        let member = Member::Person(subject.clone());
        state.memberships.retain(|membership| membership.member != member);
        state.log.push(Changed::Person(subject));
    }

    /// Adds or replaces a group.
    pub fn put_group(&self, group: DirectoryGroup) {
        let mut state = self.state();
        state.log.push(Changed::Group(group.id.clone()));
        state.groups.insert(group.id.clone(), group);
    }

    /// Takes a group out.
    pub fn remove_group(&self, id: &str) {
        let id = GroupId(id.to_owned());
        let mut state = self.state();
        state.groups.remove(&id);
        state.memberships.retain(|membership| membership.group != id);
        state.log.push(Changed::Group(id));
    }

    /// Puts a person into a group.
    pub fn join(&self, subject: &str, group: &str) {
        self.member(group, Member::Person(Subject(subject.to_owned())), true);
    }

    /// Takes a person out of a group.
    pub fn leave(&self, subject: &str, group: &str) {
        self.member(group, Member::Person(Subject(subject.to_owned())), false);
    }

    /// Puts a group into a group.
    pub fn nest(&self, inner: &str, outer: &str) {
        self.member(outer, Member::Group(GroupId(inner.to_owned())), true);
    }

    fn member(&self, group: &str, member: Member, there: bool) {
        let group = GroupId(group.to_owned());
        let mut state = self.state();
        state.log.push(Changed::Members(group.clone()));
        let membership = Membership { group, member };
        if there {
            state.memberships.insert(membership);
        } else {
            state.memberships.remove(&membership);
        }
    }

    /// Takes everybody and everything out.
    pub fn empty(&self) {
        let mut state = self.state();
        state.people.clear();
        state.groups.clear();
        state.memberships.clear();
    }

    /// Lets so many requests work, and then one fail.
    pub fn fail_after(&self, working: usize, error: DirectoryError) {
        let mut state = self.state();
        state.faults.extend(std::iter::repeat_n(None, working));
        state.faults.push_back(Some(error));
    }

    /// Asks the reader of the page after so many to wait.
    pub fn throttle_after(&self, working: usize, seconds: u64) {
        self.fail_after(working, DirectoryError::Throttled { retry_after_seconds: seconds });
    }

    /// Forgets faults that have not come yet.
    pub fn mend(&self) {
        self.state().faults.clear();
    }

    /// Every read so far.
    #[must_use]
    pub fn reads(&self) -> Vec<DirectoryRead> {
        self.state().reads.clone()
    }

    /// Everyone asked for alone so far.
    #[must_use]
    pub fn asked(&self) -> Vec<PersonKey> {
        self.state().asked.clone()
    }
}

impl State {
    fn fault(&mut self) -> Result<(), DirectoryError> {
        self.faults.pop_front().flatten().map_or(Ok(()), Err)
    }

    /// Everything in one order, cut at the page.
    fn full(&self, offset: usize, log: usize) -> DirectoryPage {
        let size = self.page_size.unwrap_or(usize::MAX);
        let mut page = DirectoryPage::default();
        let (people, groups) = (self.people.len(), self.groups.len());
        let end = offset.saturating_add(size);
        let range = |from: usize, length: usize| {
            (offset.max(from) - from).min(length)..(end.max(from) - from).min(length)
        };
        let slice = range(0, people);
        page.people = self.people.values().skip(slice.start).take(slice.len()).cloned().collect();
        let slice = range(people, groups);
        page.groups = self.groups.values().skip(slice.start).take(slice.len()).cloned().collect();
        let slice = range(people + groups, self.memberships.len());
        page.memberships = self.memberships.iter().skip(slice.start).take(slice.len()).cloned().collect();
        page.next = if end < people + groups + self.memberships.len() {
            DirectoryNext::More(DirectoryCursor(format!("full:{end}:{log}")))
        } else {
            DirectoryNext::End(self.has_delta.then(|| DirectoryCursor(format!("{log}"))))
        };
        page
    }

    fn delta(&self, since: usize) -> DirectoryPage {
        let mut page = DirectoryPage::default();
        let changed: Vec<Changed> = self.log.iter().skip(since).cloned().collect();
        for change in changed {
            match change {
                Changed::Person(subject) => match self.people.get(&subject) {
                    Some(person) => page.people.push(person.clone()),
                    None => page.people_removed.push(subject),
                },
                Changed::Group(id) => match self.groups.get(&id) {
                    Some(group) => page.groups.push(group.clone()),
                    None => page.groups_removed.push(id),
                },
                Changed::Members(id) => {
                    let members = self.memberships.iter().filter(|membership| membership.group == id);
                    page.memberships.extend(members.cloned());
                    page.memberships_replaced.push(id);
                }
            }
        }
        page.next = DirectoryNext::End(Some(DirectoryCursor(self.log.len().to_string())));
        page
    }
}

#[async_trait]
impl DirectoryClient for ScriptedDirectory {
    fn has_delta(&self) -> bool {
        self.state().has_delta
    }

    async fn read(&self, read: DirectoryRead) -> Result<DirectoryPage, DirectoryError> {
        let mut state = self.state();
        state.reads.push(read.clone());
        state.fault()?;
        match read {
            DirectoryRead::Full => Ok(state.full(0, state.log.len())),
            DirectoryRead::Page(cursor) => {
                let mut parts = cursor.0.split(':').skip(1).map(|part| part.parse().expect("a number"));
                let (offset, log) = (parts.next().expect("an offset"), parts.next().expect("a log"));
                Ok(state.full(offset, log))
            }
            DirectoryRead::Delta(cursor) => {
                let since = cursor.0.parse().expect("a number");
                if since < state.forgotten {
                    return Err(DirectoryError::DeltaExpired);
                }
                Ok(state.delta(since))
            }
        }
    }

    async fn person(&self, key: &PersonKey) -> Result<PersonNow, DirectoryError> {
        let mut state = self.state();
        state.asked.push(key.clone());
        state.fault()?;
        let found = state.people.values().find(|person| match key {
            PersonKey::Subject(subject) => person.subject == *subject,
            PersonKey::Login(login) => person.login == *login,
        });
        Ok(found.map_or(PersonNow::Gone, |person| {
            let member = Member::Person(person.subject.clone());
            let groups = state.memberships.iter().filter(|membership| membership.member == member);
            PersonNow::Known {
                groups: Some(groups.map(|membership| membership.group.clone()).collect()),
                person: Box::new(person.clone()),
            }
        }))
    }

    fn event(&self, request: DirectoryEventRequest<'_>) -> Result<DirectoryEvent, DirectoryEventError> {
        if request.method == "GET" {
            return Ok(DirectoryEvent::Challenge {
                content_type: "text/plain",
                body: request.query.to_owned(),
            });
        }
        let secret = request.headers.iter().find(|(name, _)| name == EVENT_SECRET.0);
        if secret.is_none_or(|(_, value)| value != EVENT_SECRET.1) {
            return Err(DirectoryEventError::NotAuthentic);
        }
        let body: serde_json::Value = serde_json::from_slice(request.body)
            .map_err(|error| DirectoryEventError::Malformed(error.to_string()))?;
        let texts = |key: &str| -> Vec<String> {
            let list = body[key].as_array().cloned().unwrap_or_default();
            list.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect()
        };
        let subjects = texts("subjects").into_iter().map(|text| PersonKey::Subject(Subject(text)));
        let keys: Vec<PersonKey> =
            subjects.chain(texts("logins").into_iter().map(PersonKey::Login)).collect();
        if !keys.is_empty() {
            return Ok(DirectoryEvent::Reread(keys));
        }
        Ok(if body["run"] == true { DirectoryEvent::Run } else { DirectoryEvent::Nothing })
    }

    async fn check(&self) -> Result<ConnectionReport, DirectoryError> {
        self.state().fault()?;
        Ok(ConnectionReport {
            connected_as: "the tests".to_owned(),
            permissions: vec![PermissionCheck {
                permission: "read".to_owned(),
                granted: true,
                remedy: String::new(),
            }],
        })
    }
}
