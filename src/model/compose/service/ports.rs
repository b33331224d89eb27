//! Ports that the container listens on: from `ports`, `expose` and Traefik labels.

use super::super::field::Fields;
use super::super::value::{Scalar, Value};
use super::{items, variables};
use crate::syntax::template::HOLE;

/// The ports of the container that its service names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    /// TCP ports: the container's side of `ports`, and `expose`.
    pub named: Vec<u16>,
    /// Ports of other protocols: `UDP 1162`, `UDP 10000-10010`.
    pub other: Vec<String>,
    /// Those of `named` whose container port is a literal number.
    pub literal: Vec<u16>,
    /// A variable without a value, or a range, hides further ports.
    pub hidden: bool,
    /// The variables without a value that hide a port. Compose rejects the file if one of them is empty.
    pub hidden_by: Vec<String>,
    /// The ports to which Traefik sends requests.
    pub web: Vec<u16>,
}

impl Ports {
    /// True if any port is named, of whatever protocol, or hidden.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.hidden || !self.named.is_empty() || !self.other.is_empty() || !self.web.is_empty()
    }
}

pub(super) fn read(fields: Fields<'_>) -> Ports {
    let mut ports = Ports::default();
    for key in ["ports", "expose"] {
        for item in fields.get(&[key]).map(items).unwrap_or_default() {
            let long = Fields { value: item, anchor: item.span };
            let scalar =
                match item.as_scalar() {
                    Some(scalar) => Some(scalar),
                    None if long.string(&["protocol"]).value().is_some_and(|kind| kind != "tcp") => {
                        let target = item.get("target").and_then(|entry| entry.value.as_scalar());
                        let target = target.filter(|scalar| scalar.unset.is_none());
                        let kind = long.string(&["protocol"]);
                        let other = kind.value().zip(target);
                        ports.other.extend(other.map(|(kind, port)| {
                            format!("{} {}", kind.to_ascii_uppercase(), port.text.as_str())
                        }));
                        continue;
                    }
                    None => item.get("target").and_then(|entry| entry.value.as_scalar()),
                };
            match scalar.and_then(container) {
                Some(Side::Tcp(port)) => {
                    add(&mut ports.named, port);
                    let template = scalar.and_then(|scalar| scalar.template.as_deref());
                    let number = |text: &str| {
                        let last = text.trim_end_matches("/tcp").rsplit(':').next().unwrap_or(text);
                        last.chars().all(|c| c.is_ascii_digit())
                    };
                    if template.is_none_or(number) {
                        add(&mut ports.literal, port);
                    }
                }
                Some(Side::Other(port)) => ports.other.push(port),
                None => {
                    ports.hidden = true;
                    let unset = scalar.and_then(|scalar| scalar.unset.as_ref());
                    ports.hidden_by.extend(unset.map(|unset| unset.name().to_owned()));
                }
            }
        }
    }
    for path in [&["labels"][..], &["deploy", "labels"]] {
        for port in fields.get(path).map(web).unwrap_or_default() {
            add(&mut ports.web, port);
        }
    }
    ports
}

fn add(ports: &mut Vec<u16>, port: u16) {
    if !ports.contains(&port) {
        ports.push(port);
    }
}

/// The container's side of one entry.
enum Side {
    /// One TCP port.
    Tcp(u16),
    /// A port of another protocol.
    Other(String),
}

/// Parses `8080`, `127.0.0.1:80:8080/tcp`, `${PORT}:8080`. None for ranges and for ports that a variable hides.
fn container(scalar: &Scalar) -> Option<Side> {
    let text = match &scalar.unset {
        Some(unset) => unset.partial.as_ref()?.as_str(),
        None => scalar.text.as_str(),
    };
    let (addresses, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    if protocol.contains(HOLE) {
        return None;
    }
    let side = addresses.rsplit(':').next().unwrap_or(addresses);
    if !protocol.eq_ignore_ascii_case("tcp") {
        let known = !side.contains(HOLE);
        return known.then(|| Side::Other(format!("{} {}", protocol.to_ascii_uppercase(), side.trim())));
    }
    side.trim().parse().ok().map(Side::Tcp)
}

/// Returns the ports of labels `traefik.http.services.NAME.loadbalancer.server.port: 8080`.
fn web(labels: &Value) -> Vec<u16> {
    let pairs = variables::pairs(labels);
    let ports = pairs.iter().filter_map(|(name, entry)| {
        let name = name.to_ascii_lowercase();
        let named = name.starts_with("traefik.http.services.") && name.ends_with(".loadbalancer.server.port");
        let scalar = entry.value.as_scalar().filter(|scalar| named && scalar.unset.is_none())?;
        scalar.text.as_str().trim().parse().ok()
    });
    ports.collect()
}
