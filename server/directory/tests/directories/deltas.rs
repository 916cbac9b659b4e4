//! Reading changes through the port, and applying them as a run does.

use portal_core::{
    org::Standing,
    ports::{DirectoryClient, DirectoryCursor, DirectoryError, DirectoryNext, DirectoryPage, DirectoryRead},
    time::SECOND_MS,
};
use portal_testkit::MockClock;

use crate::reads::Taken;

const PAGES_MAX: usize = 20_000;

/// Takes a page of changes into what was read before. What is removed goes first: within a page nobody is in both.
pub fn apply(taken: &mut Taken, page: &DirectoryPage) {
    for subject in &page.people_removed {
        taken.people.remove(&subject.0);
    }
    for id in &page.groups_removed {
        taken.groups.remove(&id.0);
        taken.memberships.retain(|membership| membership.group != *id);
    }
    for id in &page.memberships_replaced {
        taken.memberships.retain(|membership| membership.group != *id);
    }
    for membership in &page.memberships_removed {
        taken.memberships.remove(membership);
    }
    for person in &page.people {
        taken.people.insert(person.subject.0.clone(), person.clone());
    }
    for group in &page.groups {
        taken.groups.insert(group.id.0.clone(), group.clone());
    }
    taken.memberships.extend(page.memberships.iter().cloned());
}

/// Every page of a read of changes, applied; the cursor of the next one.
pub async fn read_changes(
    client: &dyn DirectoryClient,
    since: &DirectoryCursor,
    taken: &mut Taken,
) -> Result<DirectoryCursor, DirectoryError> {
    let mut read = DirectoryRead::Delta(since.clone());
    for _ in 0..PAGES_MAX {
        let page = client.read(read).await?;
        apply(taken, &page);
        match page.next {
            DirectoryNext::More(cursor) => read = DirectoryRead::Page(cursor),
            DirectoryNext::End(cursor) => return Ok(cursor.unwrap()),
        }
    }
    panic!("the read does not end")
}

/// The same with patience: a page again after each refusal that may pass.
pub async fn read_changes_patiently(
    client: &dyn DirectoryClient,
    clock: &MockClock,
    since: &DirectoryCursor,
    taken: &mut Taken,
) -> Result<(DirectoryCursor, usize), DirectoryError> {
    let mut read = DirectoryRead::Delta(since.clone());
    let mut waits = 0;
    for _ in 0..PAGES_MAX {
        let page = match client.read(read.clone()).await {
            Ok(page) => page,
            Err(error) if error.is_transient() => {
                waits += 1;
                clock.advance(60 * SECOND_MS);
                continue;
            }
            Err(error) => return Err(error),
        };
        apply(taken, &page);
        match page.next {
            DirectoryNext::More(cursor) => read = DirectoryRead::Page(cursor),
            DirectoryNext::End(cursor) => return Ok((cursor.unwrap(), waits)),
        }
    }
    panic!("the read does not end")
}

/// A full read from its first page: what it brought, and the cursor of its end.
pub async fn read_full(client: &dyn DirectoryClient) -> (Taken, Option<DirectoryCursor>) {
    let mut taken = Taken::default();
    let mut read = DirectoryRead::Full;
    for _ in 0..PAGES_MAX {
        let page = client.read(read).await.unwrap();
        taken.add(&page);
        match page.next {
            DirectoryNext::More(cursor) => read = DirectoryRead::Page(cursor),
            DirectoryNext::End(cursor) => return (taken, cursor),
        }
    }
    panic!("the read does not end")
}

/// What may be in the catalog: people and memberships of people who may not are left aside.
pub fn visible(taken: &Taken) -> Taken {
    let mut visible = taken.clone();
    visible.people.retain(|_, person| person.standing == Standing::Active);
    let (people, groups) = (visible.people.clone(), visible.groups.clone());
    visible.memberships.retain(|membership| {
        groups.contains_key(&membership.group.0)
            && match &membership.member {
                portal_core::org::Member::Person(subject) => people.contains_key(&subject.0),
                portal_core::org::Member::Group(id) => groups.contains_key(&id.0),
            }
    });
    visible
}
