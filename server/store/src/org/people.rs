//! People of runs.

use portal_core::{
    org::{
        ProviderId, Subject,
        rows::{GONE, PersonRow, standing_of, standing_word},
        run::RunNumber,
    },
    ports::StoreError,
};

use super::rows::KEYS_PER_STATEMENT;
use crate::{
    row::{Columns, Row},
    sql_builder::{Insertion, SqlBuilder},
    statement::statements,
    transaction::SqlTransaction,
    value::{Value, json, values},
};

/// The columns that [`person`] reads, of a table named `p`.
macro_rules! person_columns {
    () => {
        "p.name, p.entity_ref, p.own, p.standing, p.vendor_status, p.reread_at, p.record"
    };
}

statements! {
    DIRECTORY_PERSON = concat!("SELECT ", person_columns!(), " FROM directory_people p
        JOIN directory_providers d ON d.published_run = p.run WHERE d.id = $1 AND p.subject = $2");
    DIRECTORY_PEOPLE_PAGE = concat!("SELECT ", person_columns!(), " FROM directory_people p
        WHERE p.run = $1 AND p.standing = 'active' AND p.own = TRUE AND (p.name, p.subject) > ($2, $3)
        ORDER BY p.name, p.subject LIMIT $4");
    DIRECTORY_PEOPLE_FIRST = concat!("SELECT p.subject, p.standing, ", person_columns!(), " FROM directory_people p
        WHERE p.run = $1 ORDER BY p.subject LIMIT $2");
    DIRECTORY_PEOPLE_NAMED = concat!("SELECT ", person_columns!(), " FROM directory_people p
        WHERE p.run = $1 AND p.standing = 'active' AND p.name = $2 AND p.own = TRUE ORDER BY p.subject LIMIT $3");
    DIRECTORY_PERSON_REJECT = "UPDATE directory_people SET standing = 'rejected', vendor_status = $3
        WHERE run = $1 AND subject = $2";
    DIRECTORY_REREAD_PEOPLE = "SELECT subject FROM directory_people
        WHERE run = $1 AND reread_at IS NOT NULL ORDER BY subject LIMIT $2";
    DIRECTORY_STANDING_COUNTS = "SELECT standing, COUNT(*) FROM directory_people WHERE run = $1
        GROUP BY standing ORDER BY standing";
}

const COLUMNS: &str = "INSERT INTO directory_people
    (run, subject, name, entity_ref, own, standing, vendor_status, reread_at, record) VALUES ";

/// Adds or replaces; whoever was read alone stays, and in a full read, which has no order, whoever is left out.
const PEOPLE_STAGE: Insertion = Insertion {
    name: "DIRECTORY_PEOPLE_STAGE",
    head: COLUMNS,
    tail: " ON CONFLICT (run, subject) DO UPDATE SET name = excluded.name, entity_ref = excluded.entity_ref,
        own = excluded.own, standing = excluded.standing, vendor_status = excluded.vendor_status,
        record = excluded.record WHERE directory_people.reread_at IS NULL
            AND (excluded.standing <> 'active' OR directory_people.standing IN ('active', 'gone') OR EXISTS
                (SELECT 1 FROM directory_runs r WHERE r.number = directory_people.run AND r.kind = 'delta'))",
};
const PEOPLE_PUT: Insertion = Insertion {
    name: "DIRECTORY_PEOPLE_PUT",
    head: COLUMNS,
    tail: " ON CONFLICT (run, subject) DO UPDATE SET name = excluded.name, entity_ref = excluded.entity_ref,
        own = excluded.own, standing = excluded.standing, vendor_status = excluded.vendor_status,
        reread_at = excluded.reread_at, record = excluded.record",
};
const PEOPLE_MARK_GONE: Insertion = Insertion {
    name: "DIRECTORY_PEOPLE_MARK_GONE",
    head: COLUMNS,
    tail: " ON CONFLICT (run, subject) DO UPDATE SET standing = excluded.standing",
};

pub(super) async fn published(
    store: &mut SqlTransaction,
    provider: &ProviderId,
    subject: &Subject,
) -> Result<Option<PersonRow>, StoreError> {
    let row = store.fetch_optional(&DIRECTORY_PERSON, values![provider.as_str(), subject]).await?;
    row.as_ref().map(person).transpose()
}

pub(super) async fn list(
    store: &mut SqlTransaction,
    run: RunNumber,
    subjects: &[Subject],
) -> Result<Vec<PersonRow>, StoreError> {
    let mut people = Vec::with_capacity(subjects.len());
    for piece in subjects.chunks(KEYS_PER_STATEMENT) {
        let mut builder = SqlBuilder::new("DIRECTORY_PEOPLE");
        builder
            .sql(concat!("SELECT ", person_columns!(), " FROM directory_people p WHERE p.run = "))
            .value(run)
            .sql(" AND p.standing <> 'gone' AND p.subject IN (")
            .list(piece)
            .sql(") ORDER BY p.subject");
        for row in store.fetch_built(builder.once()).await? {
            people.push(person(&row)?);
        }
    }
    Ok(people)
}

pub(super) async fn page(
    store: &mut SqlTransaction,
    run: RunNumber,
    after: Option<(&str, &Subject)>,
    limit: u32,
) -> Result<Vec<PersonRow>, StoreError> {
    let (name, subject) = after.map_or(("", ""), |(name, subject)| (name, subject.as_str()));
    let rows = store.fetch_all(&DIRECTORY_PEOPLE_PAGE, values![run, name, subject, limit]).await?;
    rows.iter().map(person).collect()
}

pub(super) async fn first(
    store: &mut SqlTransaction,
    run: RunNumber,
    limit: u32,
) -> Result<Vec<(Subject, Option<PersonRow>)>, StoreError> {
    let rows = store.fetch_all(&DIRECTORY_PEOPLE_FIRST, values![run, limit]).await?;
    rows.iter()
        .map(|row| {
            let mut columns = row.columns();
            let (subject, standing): (Subject, String) = (columns.take()?, columns.take()?);
            Ok((subject, if standing == GONE { None } else { Some(person_of(columns)?) }))
        })
        .collect()
}

pub(super) async fn named(
    store: &mut SqlTransaction,
    run: RunNumber,
    name: &str,
    limit: u32,
) -> Result<Vec<PersonRow>, StoreError> {
    store.fetch_all(&DIRECTORY_PEOPLE_NAMED, values![run, name, limit]).await?.iter().map(person).collect()
}

pub(super) async fn stage(
    store: &mut SqlTransaction,
    run: RunNumber,
    people: &[PersonRow],
) -> Result<(), StoreError> {
    insert(store, &PEOPLE_STAGE, run, people).await
}

pub(super) async fn put(
    store: &mut SqlTransaction,
    run: RunNumber,
    people: &[PersonRow],
) -> Result<(), StoreError> {
    insert(store, &PEOPLE_PUT, run, people).await
}

async fn insert(
    store: &mut SqlTransaction,
    insertion: &Insertion,
    run: RunNumber,
    people: &[PersonRow],
) -> Result<(), StoreError> {
    // One statement does not touch a row twice; of twins the last counts.
    let mut last = std::collections::BTreeMap::new();
    for row in people {
        last.insert(&row.person.subject, row);
    }
    let mut records = Vec::with_capacity(last.len());
    for row in last.into_values() {
        records.push((row, json(&row.person)?));
    }
    let rows = records
        .iter()
        .map(|(row, record)| {
            let vendor_status = match &row.standing {
                portal_core::org::Standing::Active => "",
                portal_core::org::Standing::Excluded(exclusion) => exclusion.vendor_status.as_str(),
            };
            [
                run.into(),
                (&row.person.subject).into(),
                (&row.name).into(),
                (&row.entity_ref).into(),
                row.own.into(),
                standing_word(&row.standing).into(),
                vendor_status.into(),
                row.reread_at.into(),
                record.into(),
            ]
        })
        .collect();
    for statement in insertion.statements::<9>(rows) {
        store.execute_built(statement).await?;
    }
    Ok(())
}

pub(super) async fn mark_gone(
    store: &mut SqlTransaction,
    run: RunNumber,
    subjects: &[Subject],
) -> Result<(), StoreError> {
    let once: std::collections::BTreeSet<&Subject> = subjects.iter().collect();
    let rows = once
        .into_iter()
        .map(|subject| {
            let none = || Value::from("");
            let gone = Value::from(GONE);
            let nothing = Value::Integer(None);
            [run.into(), subject.into(), none(), none(), true.into(), gone, none(), nothing, none()]
        })
        .collect();
    for statement in PEOPLE_MARK_GONE.statements::<9>(rows) {
        store.execute_built(statement).await?;
    }
    Ok(())
}

pub(super) async fn delete(
    store: &mut SqlTransaction,
    run: RunNumber,
    subjects: &[Subject],
) -> Result<(), StoreError> {
    for piece in subjects.chunks(KEYS_PER_STATEMENT) {
        let mut builder = SqlBuilder::new("DIRECTORY_PEOPLE_DELETE");
        builder.sql("DELETE FROM directory_people WHERE run = ").value(run);
        builder.sql(" AND subject IN (").list(piece).sql(")");
        store.execute_built(builder.once()).await?;
    }
    Ok(())
}

pub(super) async fn reject(
    store: &mut SqlTransaction,
    run: RunNumber,
    subject: &Subject,
    reason: &str,
) -> Result<(), StoreError> {
    store.execute(&DIRECTORY_PERSON_REJECT, values![run, subject, reason]).await.map(drop)
}

pub(super) async fn reread(
    store: &mut SqlTransaction,
    run: RunNumber,
    limit: u32,
) -> Result<Vec<Subject>, StoreError> {
    store.fetch_all(&DIRECTORY_REREAD_PEOPLE, values![run, limit]).await?.iter().map(Row::single).collect()
}

pub(super) async fn reread_forget(
    store: &mut SqlTransaction,
    run: RunNumber,
    subjects: &[Subject],
) -> Result<(), StoreError> {
    for piece in subjects.chunks(KEYS_PER_STATEMENT) {
        let mut builder = SqlBuilder::new("DIRECTORY_REREAD_FORGET");
        builder.sql("UPDATE directory_people SET reread_at = NULL WHERE run = ").value(run);
        builder.sql(" AND subject IN (").list(piece).sql(")");
        store.execute_built(builder.once()).await?;
    }
    Ok(())
}

pub(super) async fn standing_counts(
    store: &mut SqlTransaction,
    run: RunNumber,
) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = store.fetch_all(&DIRECTORY_STANDING_COUNTS, values![run]).await?;
    rows.iter()
        .map(|row| {
            let mut columns = row.columns();
            Ok((columns.take()?, columns.take()?))
        })
        .collect()
}

fn person(row: &Row) -> Result<PersonRow, StoreError> {
    person_of(row.columns())
}

fn person_of(mut columns: Columns<'_>) -> Result<PersonRow, StoreError> {
    let (name, entity_ref, own) = (columns.take()?, columns.take()?, columns.take()?);
    let (word, vendor_status): (String, String) = (columns.take()?, columns.take()?);
    let standing = standing_of(&word, &vendor_status)
        .ok_or_else(|| StoreError::Inconsistent(format!("a person's standing is {word}")))?;
    Ok(PersonRow { name, entity_ref, own, standing, reread_at: columns.take()?, person: columns.json()? })
}
