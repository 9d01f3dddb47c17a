// A SOAP service behind WS-Security X.509 signatures, and https with client certificates where asked. Every call has to
// be signed with the key of PEER_CLIENT_CERTIFICATE: its body, its timestamp and its user name token, all three. Verified
// by xml-crypto, which shares no code with the client. Answers are signed by node-soap itself, as PEER_REPLIES says:
// `signed` (with PEER_KEY), or `plain`. Rows are those of server.js. Prints one JSON line when ready; ends on SIGTERM.
'use strict';
const fs = require('fs');
const soap = require('soap');
const { SignedXml } = require('xml-crypto');
const { DOMParser } = require('@xmldom/xmldom');
const { serve } = require('./serving');

const { PEER_CLIENT_CERTIFICATE, PEER_KEY, PEER_CERTIFICATE, PEER_REPLIES } = process.env;
const certificate = fs.readFileSync(PEER_CLIENT_CERTIFICATE, 'utf8');
const SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
const WSSE = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
const total = Number(process.argv[2]);

function elements(document, name) {
  return Array.from(document.getElementsByTagNameNS('*', name));
}

// The names of the elements that the one signature covers; throws when it does not verify.
function signed(xml) {
  const document = new DOMParser().parseFromString(xml, 'text/xml');
  const [signature, ...others] = elements(document, 'Signature');
  if (!signature || others.length) throw new Error('one signature, please');
  const shown = elements(document, 'BinarySecurityToken')[0] || elements(document, 'X509Certificate')[0];
  if (certificate.replace(/-----[A-Z ]+-----|\s/g, '') !== shown.textContent.replace(/\s/g, '')) throw new Error('whose?');
  const checker = new SignedXml({ publicCert: certificate, idMode: 'wssecurity' });
  checker.loadSignature(signature);
  if (!checker.checkSignature(xml)) throw new Error('it does not verify');
  return checker.getSignedReferences().map((text) => new DOMParser().parseFromString(text, 'text/xml').documentElement.localName);
}

function expectSigned(xml) {
  const covered = signed(xml).sort().join();
  const wanted = /UsernameToken/.test(xml) ? 'Body,Timestamp,UsernameToken' : 'Body,Timestamp';
  if (covered !== wanted) throw new Error(`signed: ${covered}`);
}

function query({ pageNo, pageSize }) {
  const first = (pageNo - 1) * pageSize;
  const count = Math.max(0, Math.min(pageSize, total - first));
  const item = Array.from({ length: count }, (_, at) => ({ familyNo: `JS${first + at + 1}`, holderName: '王 & <芳>' }));
  return { total, list: { item } };
}

function sign(xml) {
  const signer = new soap.WSSecurityCert(fs.readFileSync(PEER_KEY), fs.readFileSync(PEER_CERTIFICATE, 'utf8'), '', {
    signatureAlgorithm: SHA256, signerOptions: { idMode: 'wssecurity', existingPrefixes: { wsse: WSSE } },
  });
  const bare = xml.replace(/<soap:Header>.*<\/soap:Header>/s, '');
  return signer.postProcess(bare.replace('<soap:Body', '<soap:Header></soap:Header><soap:Body'), 'soap');
}


serve(query, (service) => {
  let received = '';
  service.log = (type, data) => { if (type === 'received') received = data; };
  const before = service.authenticate;
  service.authenticate = (security) => {
    try {
      expectSigned(received);
    } catch (error) {
      return false;
    }
    return !security.UsernameToken || before(security);
  };
  if (PEER_REPLIES === 'signed') {
    service.on('response', (response) => { response.result = sign(response.result); });
  }
});
