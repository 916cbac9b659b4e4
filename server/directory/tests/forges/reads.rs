//! Reading a fake through the port, as a run does.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use portal_core::{
    org::{DirectoryGroup, DirectoryPerson, Member, Membership, Standing, Subject},
    ports::{
        DirectoryClient, DirectoryCursor, DirectoryError, DirectoryEventRequest, DirectoryNext,
        DirectoryPage, DirectoryRead, PersonKey, PersonNow,
    },
    time::SECOND_MS,
};
use portal_fetch::{FetchOptions, ProviderTransport};
use portal_testkit::MockClock;

/// What a read brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    pub people: BTreeMap<String, DirectoryPerson>,
    pub groups: BTreeMap<String, DirectoryGroup>,
    pub memberships: BTreeSet<Membership>,
}

impl Taken {
    /// Takes a page: what comes twice counts once, and someone left out stays so.
    pub fn add(&mut self, page: &DirectoryPage) {
        for person in &page.people {
            let known = self.people.get(&person.subject.0);
            if known.is_none_or(|known| known.standing == Standing::Active) {
                self.people.insert(person.subject.0.clone(), person.clone());
            }
        }
        for group in &page.groups {
            self.groups.insert(group.id.0.clone(), group.clone());
        }
        self.memberships.extend(page.memberships.iter().cloned());
    }

    /// Logins of people who may be in the catalog.
    pub fn active(&self) -> BTreeSet<String> {
        let active = self.people.values().filter(|person| person.standing == Standing::Active);
        active.map(|person| person.login.clone()).collect()
    }

    /// Logins of people left out, with the reason and the vendor's word.
    pub fn excluded(&self) -> BTreeMap<String, String> {
        let excluded = self.people.values().filter_map(|person| match &person.standing {
            Standing::Active => None,
            Standing::Excluded(exclusion) => Some((
                person.login.clone(),
                format!("{}: {}", exclusion.reason.as_str(), exclusion.vendor_status),
            )),
        });
        excluded.collect()
    }

    /// Logins of the direct members of a group, by its name.
    pub fn members(&self, name: &str) -> BTreeSet<String> {
        let group = self.groups.values().find(|group| group.name == name).unwrap();
        let members = self.memberships.iter().filter(|membership| membership.group == group.id);
        let logins = members.map(|membership| match &membership.member {
            Member::Person(subject) => {
                self.people.get(&subject.0).map_or_else(|| subject.0.clone(), |person| person.login.clone())
            }
            Member::Group(id) => format!("group {id}"),
        });
        logins.collect()
    }
}

/// A transport as in production.
pub fn transport() -> Arc<ProviderTransport> {
    Arc::new(ProviderTransport::new(&FetchOptions::default()).unwrap())
}

/// Most pages of a read in a test.
const PAGES_MAX: usize = 20_000;

/// Every page of a full read, with the read that asks for it.
pub async fn pages(
    client: &dyn DirectoryClient,
) -> Result<Vec<(DirectoryRead, DirectoryPage)>, DirectoryError> {
    let mut read = DirectoryRead::Full;
    let mut all = Vec::new();
    for _ in 0..PAGES_MAX {
        let page = client.read(read.clone()).await?;
        let next = page.next.clone();
        all.push((read, page));
        match next {
            DirectoryNext::More(cursor) => read = DirectoryRead::Page(cursor),
            DirectoryNext::End(_) => return Ok(all),
        }
    }
    panic!("the read does not end")
}

/// What a full read brings.
pub async fn read_all(client: &dyn DirectoryClient) -> Result<Taken, DirectoryError> {
    let mut taken = Taken::default();
    for (_, page) in pages(client).await? {
        taken.add(&page);
    }
    Ok(taken)
}

/// How often a patient read had to wait.
#[derive(Debug, Default, Clone, Copy)]
pub struct Waits {
    pub throttled: usize,
    pub outages: usize,
    pub seconds: u64,
}

/// A full read that waits where a run would: each page again after a refusal for too many requests or an outage, the
/// clock moved instead of waiting.
pub async fn read_patiently(
    client: &dyn DirectoryClient,
    clock: &MockClock,
) -> Result<(Taken, Waits), DirectoryError> {
    let mut read = DirectoryRead::Full;
    let (mut taken, mut waits) = (Taken::default(), Waits::default());
    for _ in 0..PAGES_MAX {
        let page = match client.read(read.clone()).await {
            Ok(page) => page,
            Err(error) if error.is_transient() => {
                let seconds = if let DirectoryError::Throttled { retry_after_seconds } = error {
                    waits.throttled += 1;
                    retry_after_seconds
                } else {
                    waits.outages += 1;
                    60
                };
                waits.seconds += seconds;
                clock.advance(i64::try_from(seconds).unwrap() * SECOND_MS);
                continue;
            }
            Err(error) => return Err(error),
        };
        taken.add(&page);
        match page.next {
            DirectoryNext::More(cursor) => read = DirectoryRead::Page(cursor),
            DirectoryNext::End(_) => return Ok((taken, waits)),
        }
    }
    panic!("the read does not end")
}

/// What is read from a cursor to the end, by another node.
pub async fn read_from(client: &dyn DirectoryClient, cursor: &DirectoryCursor) -> Taken {
    let mut taken = Taken::default();
    let mut read = DirectoryRead::Page(cursor.clone());
    for _ in 0..PAGES_MAX {
        let page = client.read(read).await.unwrap();
        taken.add(&page);
        match page.next {
            DirectoryNext::More(cursor) => read = DirectoryRead::Page(cursor),
            DirectoryNext::End(_) => return taken,
        }
    }
    panic!("the read does not end")
}

/// A person read anew, by stable id; `None` when gone.
pub async fn person(client: &dyn DirectoryClient, id: u64) -> Option<DirectoryPerson> {
    match client.person(&PersonKey::Subject(Subject(id.to_string()))).await.unwrap() {
        PersonNow::Known { person, .. } => Some(*person),
        PersonNow::Gone => None,
    }
}

/// A POST of an event.
pub fn event<'a>(headers: &'a [(String, String)], body: &'a [u8]) -> DirectoryEventRequest<'a> {
    DirectoryEventRequest { method: "POST", headers, query: "", body }
}
