'use strict';

// A standalone Apollo GraphQL server that drains its connections before it ends.

const { ApolloServer } = require('@apollo/server');
const { startStandaloneServer } = require('@apollo/server/standalone');

const books = [{ title: 'The Awakening', year: 1899 }, { title: 'City of Glass', year: 1985 }];
const server = new ApolloServer({
  typeDefs: `
    type Book { title: String, year: Int }
    type Query { books(before: Int): [Book], agent: String, fails: Int }
    type Mutation { add(title: String!, year: Int): Int }
  `,
  resolvers: {
    Query: {
      books: (_, { before = 3000 }) => books.filter(({ year }) => year < before),
      agent: (_, args, { agent }) => agent,
      fails: () => {
        throw new Error('on purpose');
      },
    },
    Mutation: { add: (_, book) => books.push(book) },
  },
  allowBatchedHttpRequests: true,
  includeStacktraceInErrorResponses: false,
  stopOnTerminationSignals: true,
});

startStandaloneServer(server, { listen: { port: 0, host: '127.0.0.1' }, context: async ({ req }) => ({ agent: req.headers['user-agent'] }) }).then(({ url }) => console.log(url));
