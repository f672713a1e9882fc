const { BACKEND } = process.env;

export default {
  cacheDir: '.vite',
  server: { host: '127.0.0.1', strictPort: true, proxy: { '/api': `http://127.0.0.1:${BACKEND}`, '/talk': { target: `ws://127.0.0.1:${BACKEND}`, ws: true } } },
};
