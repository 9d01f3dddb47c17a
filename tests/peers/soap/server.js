// A SOAP service that is not written in Python: node-soap behind a real WSDL, with a WS-Security password.
// Prints one JSON line with its port when it is ready; ends on SIGTERM. Rows are simple and known:
// row N has familyNo "JS<N>" and an allowance of N.50 yuan.
'use strict';
const { serve } = require('./serving');

const rows = Number(process.argv[2]);

function item(n) {
  return {
    payMonth: '2026-10', regionCode: '430482100200', familyNo: `JS${n}`, holderName: n % 2 ? '王 & <芳>' : '李𠮷',
    holderIdCard: '11010519491231002X', telephone: '', category: '2', personCount: '1', allowance: `${n}.50`,
    bankName: '农商银行', bankAccount: '8101200000000000001', approveDate: '2020-01-01', state: '1',
  };
}

function query({ pageNo, pageSize }) {
  const first = (pageNo - 1) * pageSize;
  const count = Math.max(0, Math.min(pageSize, rows - first));
  return { total: rows, list: { item: Array.from({ length: count }, (_, at) => item(first + at + 1)) } };
}

serve(query);
