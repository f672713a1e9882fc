// A preload: what `http` is in the whole program becomes ours. It exports nothing.
export {};
