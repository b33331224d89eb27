//! Reads Prometheus's answer to an instant or a range query (prometheus `docs/querying/api.md`), with cAdvisor's labels.

use serde_json::Value;

use super::{Identity, Problem, Sample, Stats, time_of};
use crate::syntax::size::ByteSize;

/// True for an answer to a query, with or without its envelope.
pub(super) fn is_answer(value: &Value) -> bool {
    value.get("resultType").is_some() || value.get("status").is_some_and(Value::is_string)
}

/// Adds every series that belongs to a container.
pub(super) fn read(stats: &mut Stats, answer: &Value) -> Result<(), Problem> {
    if answer.get("status").and_then(Value::as_str) == Some("error") {
        let why = answer.get("error").and_then(Value::as_str).unwrap_or("without a message");
        return Err(Problem::new(format!("Prometheus answered with an error: {why}")));
    }
    let data = answer.get("data").unwrap_or(answer);
    let kind = data.get("resultType").and_then(Value::as_str).unwrap_or_default();
    let series = data.get("result").and_then(Value::as_array).filter(|_| matches!(kind, "vector" | "matrix"));
    let Some(series) = series else {
        return Err(Problem::new(format!("a result of type `{kind}` has no containers"))
            .help("query container_memory_working_set_bytes, as an instant or a range query"));
    };
    if series.is_empty() {
        return Err(Problem::new("the result is empty: the query matched no container")
            .help("query container_memory_working_set_bytes{name!=\"\"}, cAdvisor's metric for containers"));
    }
    let mut metrics: Vec<&str> = series.iter().filter_map(|series| label(series, "__name__")).collect();
    metrics.sort_unstable();
    metrics.dedup();
    if let [first, second, ..] = metrics[..] {
        return Err(Problem::new(format!("it mixes metrics: `{first}` and `{second}`"))
            .help("query container_memory_working_set_bytes alone"));
    }
    match metrics.first() {
        Some(&("container_memory_usage_bytes" | "container_memory_max_usage_bytes")) => stats.remark(
            "this metric counts page cache that the kernel can reclaim; container_memory_working_set_bytes is closer to the real need",
        ),
        Some(&"container_memory_rss") => stats.remark(
            "this metric leaves out page cache, kernel memory and tmpfs, which count against the limit; container_memory_working_set_bytes includes them",
        ),
        _ => {}
    }
    for one in series {
        let Some(identity) = identity(one) else {
            stats.skip(label(one, "id").unwrap_or("a series"), "no label has the name of a container");
            continue;
        };
        let points = one.get("values").and_then(Value::as_array).map(Vec::as_slice);
        let points = points.or_else(|| one.get("value").map(std::slice::from_ref)).unwrap_or_default();
        for point in points {
            let sample = sample(point)
                .ok_or_else(|| Problem::new(format!("`{point}` is not a sample, of `{}`", identity.name)))?;
            match sample {
                Sample { used: ByteSize(1..), .. } => stats.add(identity.clone(), sample)?,
                _ => stats.skip(&identity.name, "it was not running"),
            }
        }
    }
    Ok(())
}

fn label<'v>(series: &'v Value, name: &str) -> Option<&'v str> {
    series.get("metric")?.get(name)?.as_str().filter(|text| !text.is_empty())
}

/// Returns the container by the labels of Compose, cAdvisor or the kubelet. None for a pod's sum and for its pause container.
fn identity(series: &Value) -> Option<Identity> {
    let service = label(series, "container_label_com_docker_compose_service");
    let project = label(series, "container_label_com_docker_compose_project");
    let number = label(series, "container_label_com_docker_compose_container_number");
    let pod = label(series, "pod");
    let container = label(series, "container").filter(|name| *name != "POD");
    let own = label(series, "name").filter(|_| pod.is_none());
    let name = match (own, pod, container, service) {
        (Some(name), ..) => name.trim_start_matches('/').to_owned(),
        (None, Some(pod), Some(container), _) => format!("{pod}/{container}"),
        (None, None, Some(container), _) => container.to_owned(),
        (None, None, None, Some(service)) => {
            number.map_or(service.to_owned(), |number| format!("{service}-{number}"))
        }
        _ => return None,
    };
    let service = service.or(container).map(str::to_owned);
    Some(Identity { name, project: project.map(str::to_owned), service })
}

/// Parses `[1700000000.1, "12345"]`. A value that is not finite (`NaN`), or too large, counts as 0: no container was there.
fn sample(point: &Value) -> Option<Sample> {
    let at = point.get(0)?.as_f64()?;
    let value = point.get(1)?;
    let used: f64 = match value.as_str() {
        Some(text) => text.parse().ok()?,
        None => value.as_f64()?,
    };
    let used = if used.is_finite() && used < (1_u64 << 60) as f64 { used.round() as i64 } else { 0 };
    Some(Sample { at: time_of(&at.to_string()), used: ByteSize(used) })
}
