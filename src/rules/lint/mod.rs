//! Rules on what oomlint cannot read or resolve, and on suppressions.

pub(super) mod invalid_compose_file;
pub(super) mod syntax_error;
pub(crate) mod unknown_rule;
pub(super) mod unresolved_reference;
pub(crate) mod unused_suppression;
