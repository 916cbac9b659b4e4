//! The catalog.

mod about;
pub(crate) mod address;
mod definition;
pub(crate) mod entity;
mod facets;
pub(crate) mod list;
mod members;
mod origin;
mod owned;
mod raw;
mod relations;
pub(crate) mod table;
#[cfg(test)]
mod tests;
