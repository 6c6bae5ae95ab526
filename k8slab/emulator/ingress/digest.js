// Checks digest credentials (RFC 2617, qop=auth) for auth-type: digest; answers 200 or 401 to nginx's auth_request.
import fs from 'fs';
import crypto from 'crypto';

const LIFETIME_SECONDS = 60;

function md5(text) {
    return crypto.createHash('md5').update(text).digest('hex');
}

function secretOf(file) {
    return md5(fs.readFileSync(file).toString() + file);
}

function nonceOf(file, seconds) {
    return seconds.toString(16) + md5(seconds + ':' + secretOf(file));
}

function fieldsOf(header) {
    const found = {};
    const pattern = /(\w+)=(?:"([^"]*)"|([^\s,]+))/g;
    let match = pattern.exec(header);
    while (match) {
        found[match[1].toLowerCase()] = match[2] !== undefined ? match[2] : match[3];
        match = pattern.exec(header);
    }
    return found;
}

// Lines are user:realm:HA1, as htdigest writes them.
function passwordOf(file, user, realm) {
    const lines = fs.readFileSync(file).toString().split('\n');
    for (let number = 0; number < lines.length; number++) {
        const parts = lines[number].trim().split(':');
        if (parts[0] === user && parts[1] === realm) {
            return parts[2];
        }
    }
    return undefined;
}

function isFresh(file, nonce) {
    const seconds = parseInt((nonce || '').slice(0, -32), 16);
    return nonce === nonceOf(file, seconds) && Math.abs(Date.now() / 1000 - seconds) < LIFETIME_SECONDS;
}

function isRight(r, fields, realm, file) {
    const secret = passwordOf(file, fields.username, realm);
    const asked = md5(r.variables.request_method + ':' + fields.uri);
    const middle = fields.qop ? [fields.nonce, fields.nc, fields.cnonce, fields.qop].join(':') : fields.nonce;
    const here = fields.uri === r.variables.request_uri && fields.realm === realm;
    return secret !== undefined && here && fields.response === md5([secret, middle, asked].join(':'));
}

function check(r) {
    const realm = r.variables.digest_realm;
    const file = r.variables.digest_file;
    const header = r.headersIn['Authorization'] || '';
    const fields = header.slice(0, 7).toLowerCase() === 'digest ' ? fieldsOf(header.slice(7)) : {};
    const fresh = isFresh(file, fields.nonce);
    if (fresh && isRight(r, fields, realm, file)) {
        r.return(200);
        return;
    }
    const nonce = nonceOf(file, Math.floor(Date.now() / 1000));
    const stale = fields.nonce && !fresh ? ', stale="true"' : '';
    r.headersOut['WWW-Authenticate'] =
        'Digest algorithm="MD5", qop="auth", realm="' + realm + '", nonce="' + nonce + '"' + stale;
    r.return(401);
}

export default {check};
