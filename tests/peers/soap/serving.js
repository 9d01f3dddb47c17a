// What the node-soap peers share: the real WSDL, a WS-Security password from the environment, one JSON line with the port
// when ready, and an end on SIGTERM. The operation itself is the caller's, and so is what `adapt` does to the service.
// With PEER_TLS_KEY and PEER_TLS_CERTIFICATE it is https; with PEER_TLS_CLIENTS, for those with a certificate by that CA.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const https = require('https');
const path = require('path');
const soap = require('soap');

const { PEER_USER: user, PEER_PASSWORD: password } = process.env;
const { PEER_TLS_KEY, PEER_TLS_CERTIFICATE, PEER_TLS_CLIENTS } = process.env;
const described = path.join(__dirname, '..', '..', '..', 'gateway', 'demo', 'sources', 'dibao.wsdl');

function listener(answer) {
  if (!PEER_TLS_KEY) return http.createServer(answer);
  const clients = PEER_TLS_CLIENTS ? { ca: fs.readFileSync(PEER_TLS_CLIENTS), requestCert: true, rejectUnauthorized: true } : {};
  return https.createServer({ key: fs.readFileSync(PEER_TLS_KEY), cert: fs.readFileSync(PEER_TLS_CERTIFICATE), ...clients }, answer);
}

// The password itself, or its digest (WSS UsernameToken Profile 1.1, 3.1): SHA-1 over nonce, instant and password.
function expected({ Password, Nonce, Created }) {
  const kind = Password.attributes && Password.attributes.Type;
  if (!kind || !kind.endsWith('#PasswordDigest')) return password;
  const nonce = Buffer.from(Nonce.$value || Nonce, 'base64');
  return crypto.createHash('sha1').update(nonce).update(Created.$value || Created).update(password).digest('base64');
}

exports.serve = function serve(query, adapt = () => {}) {
  const server = listener((request, response) => response.writeHead(404).end());
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    const base = `${PEER_TLS_KEY ? 'https' : 'http'}://127.0.0.1:${port}/dibao`;
    const wsdl = fs.readFileSync(described, 'utf8').replace('{address}', base);
    const service = soap.listen(server, '/dibao', { Dibao: { DibaoSoap: { queryDibao: query } } }, wsdl);
    service.authenticate = (security) => {
      const token = security && security.UsernameToken;
      if (!token || token.Username !== user || !token.Password) return false;
      return (token.Password.$value || token.Password) === expected(token);
    };
    adapt(service);
    console.log(JSON.stringify({ port, wsdl: `${base}?wsdl` }));
  });
  process.on('SIGTERM', () => process.exit(0));
};
