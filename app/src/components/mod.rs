//! Static building blocks. Functions, not components: they take values and return markup.

mod banner;
mod brand;
mod code;
mod entity;
mod form;
mod frame;
mod icon;
mod mark;
mod note;
#[cfg_attr(
    not(debug_assertions),
    expect(dead_code, reason = "the page of the design system shows them all, in development")
)]
pub(crate) mod parts;
mod star;
mod when;

pub(crate) use banner::{announcement, banner};
pub(crate) use brand::{brand, brand_picture, branding, logo_path as brand_logo_path};
pub(crate) use code::{chip, code_block, command, copy_button, copy_line, copy_line_of};
pub(crate) use entity::{
    address, avatar, client_mark, entity_label, entity_link, kind_icon, kind_word, kinds_word, logo_path,
    safe_link,
};
pub(crate) use form::{
    Switch, UnitField, error_summary, field_error, form_error, hidden, live, password_field, saved, switch,
    text_field, unit_field,
};
pub(crate) use frame::{Frame, Section, SettingsSection, dismissable, sheet};
pub(crate) use icon::{Icon, icon};
pub(crate) use mark::{Door, glyph, mark};
pub(crate) use note::{Tone, badge, beta, empty, note, status};
pub(crate) use star::{Stars, star_button, star_outcome, star_switch};
pub(crate) use when::{when, when_ago};
