//! Logs as the host takes them over: one JSON object a line on stderr, in the fields of hclog.
//!
//! Off unless the user asks for it by `TF_LOG_PROVIDER_<NAME>`, `TF_LOG_PROVIDER` or `TF_LOG`. What is logged must never
//! be a value of a configuration, a plan or a state.

use std::fmt;
use std::io::Write;
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value as Json};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// The host cuts lines beyond 64 KiB into pieces, which are then no JSON.
const LONGEST_TEXT: usize = 16 << 10;

/// Passes log lines to the host, if the user asks for them. A process that already has a subscriber keeps it.
pub(crate) fn install(provider: &str, crates: &[String]) {
    let level = level(provider, |name| std::env::var(name).ok());
    if level == LevelFilter::OFF {
        return;
    }
    let layer = HostLog::new(level, crates, std::io::stderr());
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer));
}

/// The level that the user asks for. What is no level counts as the most verbose one, as in Go's providers.
fn level(provider: &str, variable: impl Fn(&str) -> Option<String>) -> LevelFilter {
    let own = format!("TF_LOG_PROVIDER_{}", provider.to_ascii_uppercase().replace('-', "_"));
    let asked = [own.as_str(), "TF_LOG_PROVIDER", "TF_LOG"]
        .into_iter()
        .filter_map(variable)
        .find(|level| !level.is_empty())
        .unwrap_or_default();
    match asked.to_ascii_uppercase().as_str() {
        "" | "OFF" => LevelFilter::OFF,
        "ERROR" => LevelFilter::ERROR,
        "WARN" => LevelFilter::WARN,
        "INFO" => LevelFilter::INFO,
        "DEBUG" => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    }
}

/// Writes events, with the fields of the spans that they are in.
struct HostLog<W> {
    level: LevelFilter,
    crates: Vec<String>,
    out: Mutex<W>,
}

impl<W> HostLog<W> {
    fn new(level: LevelFilter, crates: &[String], out: W) -> Self {
        let mut crates = crates.to_vec();
        crates.push(env!("CARGO_PKG_NAME").to_owned());
        Self { level, crates, out: Mutex::new(out) }
    }

    /// Other crates may log what passes through them, so only their complaints are let through.
    fn allows(&self, metadata: &Metadata<'_>) -> bool {
        let root = metadata.target().split("::").next().unwrap_or_default();
        let most = if self.crates.iter().any(|name| name == root) { self.level } else { LevelFilter::WARN };
        *metadata.level() <= most.min(self.level)
    }
}

impl<S, W> Layer<S> for HostLog<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Write + Send + 'static,
{
    fn enabled(&self, metadata: &Metadata<'_>, _context: Context<'_, S>) -> bool {
        self.allows(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = Fields::default();
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(fields) = span.extensions().get::<Fields>() {
                for (name, value) in &fields.0 {
                    line.0.entry(name.clone()).or_insert_with(|| value.clone());
                }
            }
        }
        event.record(&mut line);
        let metadata = event.metadata();
        let mut line = line.0;
        // The host takes it for a text without looking, and dies of anything else.
        let message = match line.remove("message") {
            Some(Json::String(message)) => message,
            Some(other) => other.to_string(),
            None => String::new(),
        };
        line.insert("@message".into(), message.into());
        line.insert("@level".into(), level_name(*metadata.level()).into());
        line.insert("@module".into(), metadata.target().replace("::", ".").into());
        line.insert("@timestamp".into(), timestamp(SystemTime::now()).into());
        let mut text = Json::Object(line).to_string();
        text.push('\n');
        if let Ok(mut out) = self.out.lock() {
            // There is nobody to tell that logging fails.
            let _ = out.write_all(text.as_bytes());
        }
    }
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

/// The fields of a span or an event.
#[derive(Default)]
struct Fields(Map<String, Json>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        let end =
            (0..=LONGEST_TEXT.min(value.len())).rev().find(|at| value.is_char_boundary(*at)).unwrap_or(0);
        self.0.insert(field.name().to_owned(), value[..end].into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

/// A time as hclog writes it, in UTC.
fn timestamp(time: SystemTime) -> String {
    let since: Duration = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, second) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:06}Z", since.subsec_micros())
}

/// The date of a day counted from 1 January 1970.
fn date(days: u64) -> (u64, u64, u64) {
    // Counted from 1 March of year 0, every 400 years have the same length and leap days come last.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + later, month, day)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(level: LevelFilter, say: impl FnOnce()) -> Vec<Json> {
        let buffer = Buffer::default();
        let layer = HostLog::new(level, &["fluxgate".to_owned()], buffer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), say);
        let bytes = buffer.0.lock().unwrap();
        String::from_utf8_lossy(&bytes).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_line_has_the_fields_of_hclog_and_those_of_its_spans() {
        let lines = logged(LevelFilter::DEBUG, || {
            let span = tracing::info_span!("call", tf_rpc = "ReadResource", ok = tracing::field::Empty);
            span.record("ok", true);
            span.in_scope(|| tracing::debug!(count = 3, kind = ?"x", "read {}", 1));
        });
        let line = lines[0].as_object().unwrap();
        assert_eq!(line["@message"], "read 1");
        assert_eq!(line["@level"], "debug");
        assert_eq!(line["@module"], "tfplugin.log.tests");
        assert_eq!(line["tf_rpc"], "ReadResource");
        assert_eq!(line["ok"], true);
        assert_eq!(line["count"], 3);
        assert_eq!(line["@timestamp"].as_str().unwrap().len(), "2006-01-02T15:04:05.000000Z".len());
    }

    #[test]
    fn a_line_has_a_text_also_where_nothing_is_said() {
        let lines = logged(LevelFilter::INFO, || {
            tracing::info!(count = 1);
            tracing::info!(message = 5);
        });
        let said: Vec<&Json> = lines.iter().map(|line| &line["@message"]).collect();
        assert_eq!(said, ["", "5"]);
    }

    #[test]
    fn other_crates_only_complain() {
        let lines = logged(LevelFilter::TRACE, || {
            tracing::trace!(target: "h2::codec", "headers");
            tracing::warn!(target: "h2::codec", "odd");
            tracing::trace!(target: "fluxgate::lifecycle", "ours");
        });
        let said: Vec<&Json> = lines.iter().map(|line| &line["@message"]).collect();
        assert_eq!(said, ["odd", "ours"]);
    }

    #[test]
    fn the_nearest_variable_decides() {
        let with = |variables: &[(&str, &str)]| {
            level("my-cloud", |name| {
                variables.iter().find(|(other, _)| *other == name).map(|(_, v)| (*v).to_owned())
            })
        };
        assert_eq!(with(&[]), LevelFilter::OFF);
        assert_eq!(with(&[("TF_LOG", "info")]), LevelFilter::INFO);
        assert_eq!(with(&[("TF_LOG", "info"), ("TF_LOG_PROVIDER", "ERROR")]), LevelFilter::ERROR);
        assert_eq!(with(&[("TF_LOG", "info"), ("TF_LOG_PROVIDER_MY_CLOUD", "off")]), LevelFilter::OFF);
        assert_eq!(with(&[("TF_LOG", "json")]), LevelFilter::TRACE);
    }

    #[test]
    fn dates_are_right_across_leap_days() {
        let at = |seconds| timestamp(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(at(951_782_399), "2000-02-28T23:59:59.000000Z");
        assert_eq!(at(951_782_400), "2000-02-29T00:00:00.000000Z");
        assert_eq!(at(1_709_164_800), "2024-02-29T00:00:00.000000Z");
        assert_eq!(at(4_107_542_400), "2100-03-01T00:00:00.000000Z");
    }
}
