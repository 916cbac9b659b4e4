//! The parts that the browser brings to life. Nothing else of the pages reaches wasm.
//!
//! Each works on markup that the server rendered as its children, so that a page is complete and its forms work before
//! (and without) any of this.

mod copy;
mod live_form;
mod live_part;
mod menu;
#[cfg(feature = "hydrate")]
mod swap;

pub use copy::CopyButton;
pub use live_form::LiveForm;
pub use live_part::LivePart;
pub use menu::MenuDismiss;
