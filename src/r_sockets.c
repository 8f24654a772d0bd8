/* TCP connections to workers (R/utils-sums.R). R writes an object to a
 * connection in many small pieces. By default the system keeps the second piece
 * back until the first is acknowledged, which may take 40 ms: more than an
 * iteration. R has no way to change this for a connection that is open.
 */
#include "entries.h"
#include "glue.h"

#ifndef _WIN32
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/* Connections have descriptors below this. */
#define MOST_DESCRIPTORS 1024

/* The port of an address of the internet, or -1. */
static int port_of(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)address)->sin_port);
    if (address->ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
    return -1;
}

/* Whether a descriptor is a connection that has `port` at either end. */
static int is_at_port(int descriptor, int port)
{
    struct sockaddr_storage here, there;
    socklen_t size = sizeof here;
    if (getsockname(descriptor, (struct sockaddr *)&here, &size) != 0)
        return 0;
    if (port_of(&here) == port)
        return 1;
    size = sizeof there;
    return getpeername(descriptor, (struct sockaddr *)&there, &size) == 0 &&
           port_of(&there) == port;
}
#endif

/* Has this process send what it writes to connections at a port at once.
 * Returns the number of these connections; on Windows 0, and nothing changes.
 */
SEXP R_dmm_send_at_once(SEXP port)
{
    const int number = glue_int(port, "port");
    int n = 0;
#ifndef _WIN32
    const int yes = 1;
    for (int d = 0; d < MOST_DESCRIPTORS; d++)
        n += is_at_port(d, number) &&
             setsockopt(d, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) == 0;
#else
    (void)number;
#endif
    return Rf_ScalarInteger(n);
}
