//! The ports: what the domain asks of the world around it.

mod environment;
mod network;
pub mod store;

pub use environment::{Clock, Rng};
pub use network::{
    CLIENT_DOCUMENT_BYTES_MAX, CLIENT_KEYS_BYTES_MAX, DocumentFetcher, FetchError, FetchedDocument,
    LocationReader, ReadError, ReadFile,
};
pub use store::{ReadTransaction, Store, StoreError, WriteTransaction};
