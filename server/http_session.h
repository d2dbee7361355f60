// One HTTP/1.1 connection: requests one after the other, each answered before the next is read, so that a
// client that sends many at once (pipelining) costs no more than one that waits.
//
// The thread that runs the sockets never blocks: what may (`slow`) runs in a pool, and files go from the page
// cache to the socket (sendfile(2)) as fast as the client takes them, without passing through memory of this
// process.
//
// Every state has a deadline (HttpLimits): a client that neither speaks nor listens is dropped. A request
// that is refused unread is answered, then the connection is closed; what the client still sends is thrown
// away for a moment, since closing at once would make the client lose the answer (RFC 9112 section 9.6).
#pragma once

#include "server/config.h"
#include "server/http_message.h"

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/thread_pool.hpp>

namespace romlink::server {

/// What all connections of a server have in common.
struct HttpShared {
  HttpLimits limits;
  HttpHandlers handlers;
  std::atomic<unsigned> connections{0};
  boost::asio::thread_pool pool;
  boost::asio::thread_pool jobs;
};

/// Takes the connection and serves it until it ends. If `refuse`, tells it that there are too many.
void serveHttp(boost::asio::ip::tcp::socket socket, HttpShared& shared, bool refuse);

} // namespace romlink::server
