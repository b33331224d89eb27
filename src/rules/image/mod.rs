//! Rules on base images and builds.

pub(super) mod heavy_base_image;
pub(super) mod missing_dockerignore;
pub(super) mod uncleaned_package_cache;
pub(super) mod unsupported_base_image;
