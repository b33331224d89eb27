//! What a stack may take of its host: the sums that the rules about the host and `oomlint budget` share.

mod share;
mod stack;

pub use self::share::{Share, shares, started, sum};
pub use self::stack::{Entry, Excess, Host, Managed, Stack, Sum, Swap};
