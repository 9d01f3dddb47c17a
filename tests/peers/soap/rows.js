// node-soap serving the rows of a JSON file, read anew for each page; a row's member may be an array, which node-soap
// writes as a repeated element. Prints one JSON line with its port when it is ready; ends on SIGTERM.
'use strict';
const fs = require('fs');
const http = require('http');
const path = require('path');
const soap = require('soap');

const [file, user, password] = [process.argv[2], process.env.PEER_USER, process.env.PEER_PASSWORD];
const described = path.join(__dirname, '..', '..', '..', 'gateway', 'demo', 'sources', 'dibao.wsdl');
let held = { at: 0, rows: [] };

function rows() {
  const at = fs.statSync(file, { bigint: true }).mtimeNs;
  if (held.at !== at) held = { at, rows: JSON.parse(fs.readFileSync(file, 'utf8')) };
  return held.rows;
}

function query({ pageNo, pageSize }) {
  const all = rows();
  return { total: all.length, list: { item: all.slice((pageNo - 1) * pageSize, pageNo * pageSize) } };
}

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
