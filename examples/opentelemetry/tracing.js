'use strict';
// OpenTelemetry over rust-http: a preload after ours. Spans go to the console, as JSON lines.
//   node -r rust-http/register -r ./examples/opentelemetry/tracing.js examples/opentelemetry/app.js

const { registerInstrumentations } = require('@opentelemetry/instrumentation');
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
const { NodeTracerProvider, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-node');

// In production: OTLPTraceExporter of @opentelemetry/exporter-trace-otlp-http, and BatchSpanProcessor.
const exporter = {
  export(spans, done) {
    for (const span of spans) {
      const { attributes, events, kind, name, parentSpanContext, status } = span;
      const { spanId, traceId } = span.spanContext();
      console.log(JSON.stringify({ name, kind, traceId, spanId, parent: parentSpanContext?.spanId, status, attributes, events }));
    }
    done({ code: 0 });
  },
  async shutdown() {},
};

new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
// rust-http/register has put our functions into the built-in module: these are instrumented.
registerInstrumentations({ instrumentations: [new HttpInstrumentation()] });
