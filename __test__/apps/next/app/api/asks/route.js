import http from 'rust-http';

export const dynamic = 'force-dynamic';

export async function GET(request) {
  const port = request.nextUrl.searchParams.get('port');
  const text = await new Promise((resolve, reject) => {
    http.request({ port, host: '127.0.0.1', path: '/api/echo', method: 'POST' }, async (res) => {
      let all = `${res.statusCode} `;
      for await (const chunk of res.setEncoding('utf8')) all += chunk;
      resolve(all);
    }).on('error', reject).end('by rust-http');
  });
  return Response.json({ text, ours: typeof http.Server.prototype.stats });
}
