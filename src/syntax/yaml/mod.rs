//! YAML as a tree that keeps positions, comments, anchors, aliases and tags.
