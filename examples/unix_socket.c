/*
 * A Unix-domain socket: two processes of one machine talk through a file's name, without a network. Who may
 * open the file may talk, and the kernel says who the other is.
 *
 *     Python                                C
 *     s = socket(AF_UNIX, SOCK_STREAM)      socket(AF_UNIX, SOCK_STREAM, 0)
 *     s.bind("./sock"), s.listen()          bind(s, (struct sockaddr_un) …), listen()
 *     c, a = s.accept(), c.recv(), c.send() accept(), read(), write()
 *     os.remove("./sock")                   unlink()
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "claim.h"

static struct sockaddr_un address = {.sun_family = AF_UNIX};

static _Noreturn void be_client(void) {
	char answer[32] = "";
	int fd = MUST_SYSTEM(socket(AF_UNIX, SOCK_STREAM, 0));
	MUST_SYSTEM(connect(fd, (struct sockaddr *)&address, sizeof address));
	MUST_SYSTEM(write(fd, "hello", 5));
	MUST_SYSTEM(read(fd, answer, sizeof answer - 1));
	claim(strcmp(answer, "HELLO") == 0, "the client said hello and was answered %s", answer);
	_exit(0);
}

static void serve(int listener, pid_t expected) {
	struct ucred peer;
	socklen_t size = sizeof peer;
	char text[32];
	int fd = MUST_SYSTEM(accept(listener, NULL, NULL));
	MUST_SYSTEM(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size));
	claim(peer.pid == expected && peer.uid == getuid(), "the kernel says: the client is %d",
	      peer.pid);
	int length = MUST_SYSTEM(read(fd, text, sizeof text));
	for (int i = 0; i < length; i++) {
		text[i] = (char)(text[i] >= 'a' && text[i] <= 'z' ? text[i] - 'a' + 'A' : text[i]);
	}
	MUST_SYSTEM(write(fd, text, (size_t)length));
	close(fd);
}

int main(void) {
	char folder[] = "/tmp/qun-example-XXXXXX";
	if (mkdtemp(folder) == NULL) {
		MUST_SYSTEM(-1);
	}
	snprintf(address.sun_path, sizeof address.sun_path, "%s/sock", folder);

	int listener = MUST_SYSTEM(socket(AF_UNIX, SOCK_STREAM, 0));
	MUST_SYSTEM(bind(listener, (struct sockaddr *)&address, sizeof address));
	MUST_SYSTEM(listen(listener, 1));
	struct stat file;
	claim(stat(address.sun_path, &file) == 0 && S_ISSOCK(file.st_mode),
	      "%s is a file, a socket", address.sun_path);

	pid_t client = MUST_SYSTEM(fork());
	if (client == 0) {
		be_client();
	}
	serve(listener, client);
	int status;
	MUST_SYSTEM(waitpid(client, &status, 0));
	bool is_content = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	close(listener);
	unlink(address.sun_path);
	rmdir(folder);
	claim(is_content, "the client is content");
	return 0;
}
