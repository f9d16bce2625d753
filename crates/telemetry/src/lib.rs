#![doc = include_str!("../README.md")]

use std::io::IsTerminal;
use std::sync::OnceLock;
use std::time::Duration;

use events::Envelope;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, TracerProvider,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use settings::{Faults, LogFormat, Settings};

/// Each sample of a histogram is kept until it is counted, which only a scrape would do.
const COUNT_SAMPLES: Duration = Duration::from_secs(5);

static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();

/// What must be flushed at the end. Keep it until then.
pub struct Telemetry(SdkTracerProvider);

impl Telemetry {
    /// Installs logs, traces and metrics for this process; call it once.
    pub fn install(settings: &Settings) -> Result<Self, Faults> {
        let mut filter = EnvFilter::try_new(&settings.log_filter).map_err(|e| {
            Faults(vec![format!(
                "RUST_LOG cannot be read: {e}; write info or calls=debug,info"
            )])
        })?;
        // They show messages with all that is in them, numbers and words; we tell of what happened without.
        for quiet in ["lapin::returned_messages=off", "tungstenite=info"] {
            if let Ok(quiet) = quiet.parse() {
                filter = filter.add_directive(quiet);
            }
        }
        let mut provider = SdkTracerProvider::builder().with_resource(
            Resource::builder()
                .with_attribute(KeyValue::new("service.name", "trunkline"))
                .build(),
        );
        if let Some(endpoint) = &settings.otlp_endpoint {
            let url = format!("{}/v1/traces", endpoint.as_str().trim_end_matches('/'));
            let exporter = SpanExporter::builder()
                .with_http()
                .with_endpoint(url)
                .build()
                .map_err(|e| {
                    Faults(vec![format!(
                        "OTEL_EXPORTER_OTLP_ENDPOINT cannot be used: {e}"
                    )])
                })?;
            provider = provider.with_batch_exporter(exporter);
        }
        let provider = provider.build();
        let traces = tracing_opentelemetry::layer().with_tracer(provider.tracer("trunkline"));
        let terminal = std::io::stderr().is_terminal();
        let format = settings.log_format.unwrap_or(match terminal {
            true => LogFormat::Text,
            false => LogFormat::Json,
        });
        let logs = tracing_subscriber::fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(terminal);
        let logs = match format {
            LogFormat::Text => logs.compact().with_target(false).boxed(),
            LogFormat::Json => logs
                .json()
                .flatten_event(true)
                .with_current_span(true)
                .with_span_list(false)
                .boxed(),
        };
        // A second call in one process (tests) keeps the first subscriber.
        let _ = tracing_subscriber::registry()
            .with(filter)
            .with(logs)
            .with(traces)
            .try_init();
        metrics_handle();
        Ok(Self(provider))
    }

    /// Sends what is left.
    pub async fn flush(self) {
        let _ = tokio::task::spawn_blocking(move || self.0.shutdown()).await;
    }
}

/// Counts samples for as long as the process lives: where nobody scrapes they would fill its memory. A thread, since whoever
/// asks first may have no runtime.
fn count_samples(handle: PrometheusHandle) {
    let counting = std::thread::Builder::new().name("metrics".to_owned());
    let begun = counting.spawn(move || {
        loop {
            std::thread::sleep(COUNT_SAMPLES);
            handle.run_upkeep();
        }
    });
    if let Err(error) = begun {
        tracing::warn!(%error, "no thread counts samples of metrics; memory grows until /metrics is read");
    }
}

/// The process's metrics, as Prometheus reads them; `None` where another recorder was installed first.
pub fn metrics_handle() -> Option<&'static PrometheusHandle> {
    if METRICS.get().is_none() {
        let buckets = [
            0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
        ];
        let installed = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &buckets)
            .and_then(PrometheusBuilder::install_recorder);
        if let Ok(handle) = installed {
            count_samples(handle.clone());
            let _ = METRICS.set(handle);
        }
    }
    METRICS.get()
}

/// The `traceparent` of the span we are in (W3C Trace Context, version 00).
pub fn traceparent() -> Option<String> {
    let context = Span::current().context();
    let span = context.span().span_context().clone();
    span.is_valid().then(|| {
        format!(
            "00-{}-{}-{:02x}",
            span.trace_id(),
            span.span_id(),
            span.trace_flags().to_u8()
        )
    })
}

/// A span that continues the trace of the event it handles.
pub fn consumer_span(queue: &str, envelope: &Envelope) -> Span {
    let span = tracing::info_span!(
        "handle",
        consumer = queue,
        event.kind = envelope.kind,
        event.id = envelope.id,
        tenant = envelope.tenant,
        call = envelope.key,
    );
    if let Some(parent) = envelope.traceparent.as_deref().and_then(parse_traceparent) {
        let _ = span.set_parent(Context::new().with_remote_span_context(parent));
    }
    span
}

fn parse_traceparent(text: &str) -> Option<SpanContext> {
    let mut parts = text.split('-');
    let (version, trace, span, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if version != "00" {
        return None;
    }
    let context = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        TraceFlags::new(u8::from_str_radix(flags, 16).ok()?),
        true,
        TraceState::NONE,
    );
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traceparent_is_read_strictly() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert!(parse_traceparent(good).is_some());
        for bad in [
            "",
            "00",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-x-y-z",
        ] {
            assert!(parse_traceparent(bad).is_none(), "{bad}");
        }
        let zero = format!("00-{}-{}-01", "0".repeat(32), "0".repeat(16));
        assert!(parse_traceparent(&zero).is_none());
    }
}
