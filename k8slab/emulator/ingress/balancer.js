// Chooses the upstream of a request where nginx's own turn-taking does not: canary, session affinity, hashes.
// What it knows of Services is preloaded (policies); which endpoints there are, it reads when it is asked.
import fs from 'fs';
import crypto from 'crypto';

function md5(text) {
    return crypto.createHash('md5').update(text).digest('hex');
}

function endpoints(policy) {
    try {
        return JSON.parse(fs.readFileSync(policy.folder + '/endpoints'));
    } catch (error) {
        return [];
    }
}

function cookies(r) {
    const found = {};
    (r.headersIn['Cookie'] || '').split(';').forEach(function (part) {
        const at = part.indexOf('=');
        if (at > 0) {
            const name = part.slice(0, at).trim();
            if (found[name] === undefined) {
                found[name] = part.slice(at + 1).trim();
            }
        }
    });
    return found;
}

// --- canary ---------------------------------------------------------------------------------------------------

function byWord(value) {
    return value === 'always' ? true : value === 'never' ? false : undefined;
}

function byHeader(r, canary) {
    const value = canary.header ? r.headersIn[canary.header] : undefined;
    if (value === undefined || value === '') {
        return undefined;
    }
    if (canary.value) {
        return value === canary.value ? true : undefined;
    }
    if (canary.pattern) {
        try {
            return new RegExp(canary.pattern).test(value) ? true : undefined;
        } catch (error) {
            return false;
        }
    }
    return byWord(value);
}

function toCanary(r, canary) {
    const header = byHeader(r, canary);
    if (header !== undefined) {
        return header;
    }
    const cookie = canary.cookie ? byWord(cookies(r)[canary.cookie]) : undefined;
    return cookie !== undefined ? cookie : Math.random() * canary.total < canary.weight;
}

// --- session affinity -----------------------------------------------------------------------------------------

function sealOf(policy) {
    return md5(md5(policy.backend) + policy.backend);
}

function session(r, policy) {
    const raw = policy.affinity ? cookies(r)[policy.affinity.name] : undefined;
    if (!raw) {
        return undefined;
    }
    const parts = raw.split('|');
    return {key: parts[0], seal: parts[1]};
}

function belongs(r, policy) {
    const found = session(r, policy);
    return found !== undefined && found.seal === sealOf(policy);
}

function mayHaveCookie(r, affinity) {
    const host = r.variables.host;
    const wild = '*' + host.slice(host.indexOf('.'));
    const path = r.variables.location_path;
    // Preloaded arrays have no methods.
    for (let number = 0; number < affinity.paths.length; number++) {
        const pair = affinity.paths[number];
        if ((pair[0] === host || pair[0] === wild) && pair[1] === path) {
            return true;
        }
    }
    return false;
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function cookieTime(seconds) {
    const at = new Date(Date.now() + seconds * 1000);
    function two(number) {
        return (number < 10 ? '0' : '') + number;
    }
    return DAYS[at.getUTCDay()] + ', ' + two(at.getUTCDate()) + '-' + MONTHS[at.getUTCMonth()] + '-' +
        two(at.getUTCFullYear() % 100) + ' ' + two(at.getUTCHours()) + ':' + two(at.getUTCMinutes()) + ':' +
        two(at.getUTCSeconds()) + ' GMT';
}

// Browsers that take an unknown SameSite value for Strict.
function refusesNone(agent) {
    return /\(iP.+; CPU .*OS 12[_\d]*|Macintosh;.*Mac OS X 10_14.*Version\/.*Safari|Chrom(e|ium)\/(5[1-9]|6[0-6])\./.test(agent);
}

function cookieText(r, affinity, value) {
    const secure = affinity.secure || r.variables.https === 'on';
    const bare = affinity.conditional && affinity.samesite === 'None' && refusesNone(r.headersIn['User-Agent'] || '');
    return [
        affinity.name + '=' + value,
        affinity.expires ? 'Expires=' + cookieTime(Number(affinity.expires)) : '',
        affinity.age ? 'Max-Age=' + affinity.age : '',
        affinity.domain ? 'Domain=' + affinity.domain : '',
        'Path=' + (affinity.path || r.variables.location_path),
        secure ? 'Secure' : '',
        'HttpOnly',
        affinity.samesite && !bare ? 'SameSite=' + affinity.samesite : '',
        affinity.partitioned ? 'Partitioned' : '',
    ].filter(function (part) { return part; }).join('; ');
}

function setCookie(r, policy, key) {
    if (mayHaveCookie(r, policy.affinity)) {
        r.variables.affinity_cookie = cookieText(r, policy.affinity, key + '|' + sealOf(policy));
    }
}

function sticky(r, policy, list) {
    const found = session(r, policy);
    if (!policy.affinity.persistent) {
        const key = found ? found.key : [Date.now() / 1000, r.variables.pid, Math.floor(Math.random() * 999999)].join('.');
        if (!found) {
            setCookie(r, policy, key);
        }
        return nearest(key, list)[0];
    }
    const kept = found ? list.findIndex(function (endpoint) { return md5(endpoint) === found.key; }) : -1;
    if (kept >= 0) {
        return kept;
    }
    const chosen = Math.floor(Math.random() * list.length);
    setCookie(r, policy, md5(list[chosen]));
    return chosen;
}

// --- hashes ---------------------------------------------------------------------------------------------------

// The endpoints in the order of their nearness to a key: few keys move when an endpoint comes or goes.
function nearest(key, list) {
    return list
        .map(function (endpoint, number) { return {number: number, weight: md5(key + ' ' + endpoint)}; })
        .sort(function (a, b) { return a.weight < b.weight ? 1 : -1; })
        .map(function (entry) { return entry.number; });
}

function hashed(r, policy, list) {
    const order = nearest(r.variables.hash_key || '', list);
    return order[policy.subset ? Math.floor(Math.random() * Math.min(policy.subset, order.length)) : 0];
}

// --- the choice -----------------------------------------------------------------------------------------------

function useCanary(r, main, other) {
    if (!other || !other.canary || endpoints(other).length === 0) {
        return false;
    }
    if (belongs(r, main)) {
        return false;
    }
    return belongs(r, other) || toCanary(r, other.canary);
}

function endpoint(r) {
    let name = r.variables.upstream;
    let policy = policies[name];
    if (!policy) {
        return name;
    }
    const other = policy.alternative ? policies[policy.alternative] : undefined;
    if (useCanary(r, policy, other)) {
        name = policy.alternative;
        policy = other;
        r.variables.proxy_alternative_upstream_name = other.backend;
    }
    const list = policy.pinned ? endpoints(policy) : [];
    if (!list.length) {
        return name;
    }
    const number = policy.affinity ? sticky(r, policy, list) : hashed(r, policy, list);
    return number < policy.slots ? name + '~' + number : name;
}

// The request's target as part of another address.
function escaped(r) {
    return encodeURIComponent(r.variables.request_uri);
}

export default {endpoint, escaped};
