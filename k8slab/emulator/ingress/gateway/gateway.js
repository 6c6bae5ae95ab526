// Finds the rule that a request takes. What there is to try, in order, is preloaded (gateway_table); the same
// decision is k8slab.routing.gateway.matching.decide. The way itself is a named location made for the rule's backend.

// Lists that were preloaded have no methods: they are walked by number.
function find(list, test) {
    for (let number = 0; number < list.length; number += 1) {
        if (test(list[number])) {
            return list[number];
        }
    }
    return undefined;
}

function every(list, test) {
    return find(list, (one) => !test(one)) === undefined;
}

function covers(pattern, host) {
    if (pattern === '' || pattern === host) {
        return true;
    }
    return pattern.startsWith('*.') && host.endsWith(pattern.slice(1)) && host.length >= pattern.length;
}

function whole(pattern, text) {
    return new RegExp('^(?:' + pattern + ')$').test(text);
}

function pathMatches(kind, wanted, path) {
    if (kind === 'PathPrefix') {
        const prefix = wanted.replace(/\/+$/, '');
        return path === prefix || path.startsWith(prefix + '/');
    }
    return kind === 'Exact' ? path === wanted : whole(wanted, path);
}

function first(value) {
    return Array.isArray(value) ? value[0] : value;
}

function holds(word, value) {
    return value !== undefined && (word[1] ? whole(word[2], value) : value === word[2]);
}

function matches(entry, r, host) {
    return covers(entry.hostname, host) && pathMatches(entry.kind, entry.path, r.uri)
        && (entry.method === '' || entry.method === r.method)
        && every(entry.headers, (word) => holds(word, r.headersIn[word[0]]))
        && every(entry.queries, (word) => holds(word, first(r.args[word[0]])));
}

// The path as the client wrote it; made anew where it cannot be used as it is.
function written(r) {
    const path = r.variables.request_uri.split('?')[0];
    return path.startsWith('/') ? path : encoded(r.uri);
}

function encoded(path) {
    return encodeURI(path).replace(/\?/g, '%3F').replace(/#/g, '%23');
}

function changed(change, entry, r) {
    if (!change) {
        return written(r);
    }
    if (change.type === 'ReplaceFullPath') {
        return change.replaceFullPath;
    }
    const asIs = written(r), prefix = entry.path.replace(/\/+$/, ''), wanted = change.replacePrefixMatch || '';
    const path = pathMatches('PathPrefix', entry.path, asIs) ? asIs.slice(prefix.length)
        : encoded(r.uri.slice(prefix.length));
    return (path.startsWith('/') ? wanted.replace(/\/+$/, '') + path : wanted) || '/';
}

function withQuery(path, r) {
    return r.variables.args ? path + '?' + r.variables.args : path;
}

function location(redirect, entry, r) {
    const scheme = redirect.scheme || r.variables.scheme;
    const known = scheme === 'https' ? 443 : 80;
    const port = redirect.port || (redirect.scheme ? known : entry.port);
    const host = redirect.hostname || r.variables.host;
    return scheme + '://' + host + (port === known ? '' : ':' + port)
        + withQuery(changed(redirect.path, entry, r), r);
}

function chosen(targets) {
    let total = 0;
    every(targets, (target) => { total += target[0]; return true; });
    let left = Math.random() * total;
    const found = find(targets, (target) => { left -= target[0]; return left < 0; });
    return found ? found[1] : '@none';
}

function serve(r) {
    const host = r.variables.host;
    const entry = find(gateway_table[r.variables.gateway_listener], (one) => matches(one, r, host));
    if (!entry) {
        r.return(404);
        return;
    }
    if (entry.redirect) {
        r.variables.gateway_target = location(entry.redirect, entry, r);
        r.internalRedirect(entry.place);
        return;
    }
    const path = changed((entry.rewrite || {}).path, entry, r);
    r.variables.gateway_target = withQuery(path, r);
    r.internalRedirect(chosen(entry.targets));
}

export default { serve };
