//! The catalog.

mod about;
pub(crate) mod entity;
pub(crate) mod list;
mod relations;
pub(crate) mod table;
#[cfg(test)]
mod tests;
