import { headers } from 'next/headers';

export default async function Page() {
  return <p id="agent">{(await headers()).get('user-agent')} asks</p>;
}
