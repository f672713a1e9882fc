export default {
  output: 'standalone',
  // Its addon stays a file that Node loads.
  serverExternalPackages: ['rust-http'],
  // No traced file requires a preload.
  outputFileTracingIncludes: { '/*': ['node_modules/rust-http/**', 'node_modules/rust-http-*/**'] },
};
