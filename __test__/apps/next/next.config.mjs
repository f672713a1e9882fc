export default {
  output: 'standalone',
  // Its addon stays a file that Node loads.
  serverExternalPackages: ['rust-http'],
  // A preload is required by nothing that is traced.
  outputFileTracingIncludes: { '/*': ['node_modules/rust-http/**', 'node_modules/rust-http-*/**'] },
};
