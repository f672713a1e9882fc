export async function POST(request) {
  return new Response(request.body, { status: 201, headers: { 'X-Type': request.headers.get('content-type') ?? 'none' } });
}

export async function GET() {
  return Response.redirect('http://app.test/', 307);
}
