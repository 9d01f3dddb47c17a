// What the node-soap peers share: the real WSDL, a WS-Security password from the environment, one JSON line with the port
// when ready, and an end on SIGTERM. The operation itself is the caller's.
'use strict';
const fs = require('fs');
const http = require('http');
const path = require('path');
const soap = require('soap');

const { PEER_USER: user, PEER_PASSWORD: password } = process.env;
const described = path.join(__dirname, '..', '..', '..', 'gateway', 'demo', 'sources', 'dibao.wsdl');

exports.serve = function serve(query) {
  const server = http.createServer((request, response) => response.writeHead(404).end());
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    const wsdl = fs.readFileSync(described, 'utf8').replace('{address}', `http://127.0.0.1:${port}/dibao`);
    const service = soap.listen(server, '/dibao', { Dibao: { DibaoSoap: { queryDibao: query } } }, wsdl);
    service.authenticate = (security) => {
      const token = security && security.UsernameToken;
      const given = token && token.Password && (token.Password.$value || token.Password);
      return Boolean(token) && token.Username === user && given === password;
    };
    console.log(JSON.stringify({ port, wsdl: `http://127.0.0.1:${port}/dibao?wsdl` }));
  });
  process.on('SIGTERM', () => process.exit(0));
};
