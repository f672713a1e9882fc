import { Suspense } from 'react';

export const dynamic = 'force-dynamic';

async function Late() {
  await new Promise((resolve) => setTimeout(resolve, 200));
  return <p>late</p>;
}

export default function Slow() {
  return <Suspense fallback={<p>waits</p>}><Late /></Suspense>;
}
