//! People and groups of directories: where providers stand, their runs, and the rows of each run.

mod changes;
mod compare;
mod delta;
mod groups;
mod memberships;
mod people;
mod providers;
mod rereads;
mod rows;
mod runs;
mod states;

use crate::statement::Statement;

/// Every statement of this folder.
pub(crate) const STATEMENTS: [&[Statement]; 9] = [
    changes::STATEMENTS,
    compare::STATEMENTS,
    delta::STATEMENTS,
    groups::STATEMENTS,
    memberships::STATEMENTS,
    people::STATEMENTS,
    providers::STATEMENTS,
    rereads::STATEMENTS,
    runs::STATEMENTS,
];
