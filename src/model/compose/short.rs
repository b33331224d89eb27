//! The short forms of ports and volumes, as compose-go reads them.

use std::net::IpAddr;

/// The parts of `source:target:options`.
pub(super) struct Volume<'t> {
    pub(super) source: &'t str,
    pub(super) target: &'t str,
}

/// Reads the short form of a volume (compose-go `format/volume.go`).
pub(super) fn volume(spec: &str) -> Result<Volume<'_>, String> {
    match spec.len() {
        0 => return Err("invalid empty volume spec".to_owned()),
        1 | 2 => return Ok(Volume { source: "", target: spec }),
        _ => {}
    }
    let mut parts: Vec<&str> = Vec::new();
    let mut start = 0;
    for (at, _) in spec.match_indices(':') {
        let part = spec.get(start..at).unwrap_or_default();
        let mut letters = part.chars();
        // The drive of a Windows path.
        if letters.next().is_some_and(char::is_alphabetic) && letters.next().is_none() {
            continue;
        }
        parts.push(part);
        start = at + 1;
    }
    parts.push(spec.get(start..).unwrap_or_default());
    if parts.iter().any(|part| part.is_empty()) {
        return Err(format!("invalid spec: {spec}: empty section between colons"));
    }
    match parts.as_slice() {
        [target] => Ok(Volume { source: "", target }),
        [source, target] | [source, target, _] => Ok(Volume { source, target }),
        _ => Err(format!("invalid spec: {spec}: too many colons")),
    }
}

/// True for a source that is a path of the host, not the name of a volume.
pub(super) fn is_path(source: &str) -> bool {
    let mut letters = source.chars();
    let drive = letters.next().is_some_and(char::is_alphabetic) && letters.next() == Some(':');
    source.starts_with(['.', '/', '~']) || source.starts_with(r"\\") || drive
}

/// Returns why Compose rejects the short form of a port (docker/go-connections `nat/nat.go`, `ParsePortSpec`).
pub(super) fn refused_port(spec: &str) -> Option<String> {
    let parts: Vec<&str> = spec.split(':').collect();
    let (ip, host, container) = match parts.as_slice() {
        [container] => (String::new(), "", *container),
        [host, container] => (String::new(), *host, *container),
        [ip @ .., host, container] => (ip.join(":"), *host, *container),
        [] => return None,
    };
    let (container, protocol) = match container.split_once('/') {
        Some(("", _)) => ("", ""),
        Some(both) => both,
        None => (container, "tcp"),
    };
    let bare = ip.strip_prefix('[').and_then(|ip| ip.strip_suffix(']')).unwrap_or(&ip);
    if !bare.is_empty() && bare.parse::<IpAddr>().is_err() {
        return Some(format!("invalid IP address: {ip}"));
    }
    if container.is_empty() {
        return Some(format!("no port specified: {spec}<empty>"));
    }
    let Some(inside) = range(container) else { return Some(format!("invalid containerPort: {container}")) };
    if !host.is_empty() {
        let Some(outside) = range(host) else { return Some(format!("invalid hostPort: {host}")) };
        if inside.1 - inside.0 != outside.1 - outside.0 && inside.0 != inside.1 {
            let both = format!("{container} and {host}");
            return Some(format!("invalid ranges specified for container and host Ports: {both}"));
        }
    }
    let known = ["tcp", "udp", "sctp", ""].contains(&protocol.to_ascii_lowercase().as_str());
    (!known).then(|| format!("invalid proto: {protocol}"))
}

/// True for the short form of a port whose container port is 0: Compose takes that for none.
pub(super) fn is_without_target(spec: &str) -> bool {
    let container = spec.rsplit(':').next().unwrap_or_default();
    let ports = container.split('/').next().and_then(range);
    ports.is_some_and(|(first, _)| first == 0)
}

/// Reads `80` or `80-90`. A port may have a `+` before it.
fn range(text: &str) -> Option<(u16, u16)> {
    let (start, end) = text.split_once('-').unwrap_or((text, text));
    let (start, end) = (start.parse().ok()?, end.parse().ok()?);
    (start <= end).then_some((start, end))
}

/// Returns why Compose rejects an item of `extra_hosts`: `host=address`, or `host:address` (compose-go `types/hostList.go`).
pub(super) fn refused_host(item: &str) -> Option<String> {
    match item.split_once('=').or_else(|| item.split_once(':')) {
        None => Some(format!("invalid additional host, missing IP: {item}")),
        Some((host, _)) if host.is_empty() || host.contains(':') => Some(format!("bad host name '{host}'")),
        Some(_) => None,
    }
}
