//! The ports: what the domain asks of the world around it.

mod directory;
mod environment;
mod network;
mod own;
mod sign_in;
pub mod store;

pub use directory::{
    ConnectionReport, DIRECTORY_CURSOR_BYTES_MAX, DIRECTORY_EVENT_BYTES_MAX, DirectoryClient,
    DirectoryCursor, DirectoryError, DirectoryEvent, DirectoryEventError, DirectoryEventRequest,
    DirectoryNext, DirectoryPage, DirectoryRead, PermissionCheck, PersonKey, PersonNow,
};
pub use environment::{Clock, Rng};
pub use network::{
    CLIENT_DOCUMENT_BYTES_MAX, CLIENT_KEYS_BYTES_MAX, CLIENT_LOGO_BYTES_MAX, CLIENT_LOGO_SIDE_MAX,
    DocumentFetcher, FetchError, FetchedDocument, FetchedLogo, LocationReader, ReadError, ReadFile,
};
pub use own::{
    PICTURE_BYTES_MAX, PictureMaker, SELF_PROBE_BYTES_MAX, SelfProbe, SelfProbeAnswer, SelfProbeRequest,
};
pub use sign_in::{
    SignInClient, SignInError, SignInQuestion, SignInReply, VERIFIED_EMAILS_MAX, VouchedPerson,
};
pub use store::{ReadTransaction, Store, StoreError, WriteTransaction};
