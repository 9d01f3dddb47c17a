// node-soap serving the rows of a JSON file, read anew for each page; a row's member may be an array, which node-soap
// writes as a repeated element. Prints one JSON line with its port when it is ready; ends on SIGTERM.
'use strict';
const fs = require('fs');
const { serve } = require('./serving');

const file = process.argv[2];
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

serve(query);
