//! A plan for a stack: a limit, a reservation and the reason of each for every service, so that the sum fits a host.
//!
//! [`Demand`] is what one service asks for, whatever the host: the least, what it usually gets, and the most. [`Plan`] shares the
//! memory of a host among the demands. More memory never gives a service less, since all grow with one number.

mod change;
mod demand;
mod reserve;
mod share;

use std::path::PathBuf;

pub use self::change::Change;
use self::change::changes_to_fit;
pub use self::demand::{Basis, Demand, Step};
pub use self::reserve::{RESERVE_RULE, Room, reserve};
pub use self::share::{Grant, Plan};

use crate::hash::IndexMap;
use crate::syntax::size::ByteSize;

/// The limits and reservations to write, for the projects of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets {
    /// The targets of each project's services, by the paths of its Compose files.
    pub projects: IndexMap<Vec<PathBuf>, IndexMap<String, Target>>,
    /// True while only limits are written: the heaps that go with them are still to be set.
    pub limits_only: bool,
    /// True to write new limits below `deploy` also where short keys are usual.
    pub in_deploy: bool,
}

/// The settings of one service to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The limit of one container.
    pub limit: ByteSize,
    /// The reservation of one container, if it has none.
    pub reservation: Option<ByteSize>,
}
