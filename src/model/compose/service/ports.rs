//! `ports`, `expose`, and labels that name a port: on which the container listens.

use super::super::field::Fields;
use super::super::interpolate::HOLE;
use super::super::value::{Scalar, Value};
use super::{items, variables};

/// TCP ports of the container, as far as its service names them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    /// The container's side of `ports`, and `expose`.
    pub named: Vec<u16>,
    /// A variable without a value, or a range, hides others.
    pub hidden: bool,
    /// The ports that Traefik is told to send requests to.
    pub web: Vec<u16>,
}

pub(super) fn read(fields: Fields<'_>) -> Ports {
    let mut ports = Ports::default();
    for key in ["ports", "expose"] {
        for item in fields.get(&[key]).map(items).unwrap_or_default() {
            let long = Fields { value: item, anchor: item.span };
            let scalar = match item.as_scalar() {
                Some(scalar) => Some(scalar),
                None if long.string(&["protocol"]).value().is_some_and(|kind| kind != "tcp") => continue,
                None => item.get("target").and_then(|entry| entry.value.as_scalar()),
            };
            match scalar.and_then(container) {
                Some(Side::Tcp(port)) => add(&mut ports.named, port),
                Some(Side::Other) => {}
                None => ports.hidden = true,
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
    /// Another protocol.
    Other,
}

/// `8080`, `127.0.0.1:80:8080/tcp`, `${PORT}:8080`. None for ranges and for what a variable hides.
fn container(scalar: &Scalar) -> Option<Side> {
    let text = match &scalar.unset {
        Some(unset) => unset.partial.as_ref()?.as_str(),
        None => scalar.text.as_str(),
    };
    let (addresses, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    if protocol.contains(HOLE) {
        return None;
    }
    if !protocol.eq_ignore_ascii_case("tcp") {
        return Some(Side::Other);
    }
    let side = addresses.rsplit(':').next().unwrap_or(addresses);
    side.trim().parse().ok().map(Side::Tcp)
}

/// `traefik.http.services.NAME.loadbalancer.server.port: 8080`.
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
